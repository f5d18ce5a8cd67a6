"""The embedded host: a real single-node Kubernetes in Linux namespaces of its own, from packages alone.

`binaries` builds (or downloads) the programs, `images` packs the images that the node offers, `up` boots the node and `down`
removes it. What runs *inside* the node is `node` (its first process) and imports the standard library only.
"""
