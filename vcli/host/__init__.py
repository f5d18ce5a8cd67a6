"""The embedded host: a real Kubernetes in Linux namespaces of its own, from packages alone.

`binaries` builds (or downloads) the programs, `image_store` keeps the images that the node offers, `up` boots
the nodes (`further` those beside the first one) and `down` removes them. What runs *inside* a node is `node`,
its first process; it imports the standard library only.
"""
