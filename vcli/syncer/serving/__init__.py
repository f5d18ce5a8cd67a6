"""HTTPS served by the syncer: kube-apiserver comes to it as to a kubelet, and as to an aggregated API."""

from vcli.syncer.serving.certificates import ServingContext
from vcli.syncer.serving.exchange import Exchange
from vcli.syncer.serving.limiter import ConnectionLimiter
from vcli.syncer.serving.listener import Answer, Listener
from vcli.syncer.serving.requests import Refused, Request

__all__ = ["Answer", "ConnectionLimiter", "Exchange", "Listener", "Refused", "Request", "ServingContext"]
