"""The embedded host: a real single-node Kubernetes in Linux namespaces of its own, from packages alone.

`binaries` builds (or downloads) the programs, `image_store` keeps the images that the node offers, `up` boots
the node and `down` removes it. What runs *inside* the node is `node`, its first process; it imports the
standard library only.
"""
