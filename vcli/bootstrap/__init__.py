"""What a control plane needs before it can run: keys, certificates, and facts about the host.

`vcli create` makes them before it applies the pod. Where nothing but YAML was applied, the pod makes them
itself (`vcli.bootstrap.ensure`). Both follow the same plan; this package stands on `vcli.kube` alone, as the
syncer's bundle has nothing else.
"""
