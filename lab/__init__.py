"""What tests, benchmarks and the conformance suite need beside vcli: built here, never shipped."""
