"""What the CLI and the syncer must agree on, each thing once. Imports nothing of ours."""
