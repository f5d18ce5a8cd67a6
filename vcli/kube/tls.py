"""A TLS context from certificates that are in memory."""

import os
import ssl
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vcli.errors import UsageError
from vcli.kube.access import Access, without_login


def client_context(access: Access) -> ssl.SSLContext:
    """The context for a connection to ``access.server``.

    Built from ``SSLContext`` directly: ``create_default_context`` sets VERIFY_X509_STRICT since Python 3.13,
    which the CAs of several managed clusters don't pass.

    Raises:
        UsageError: a certificate or key in the kubeconfig can't be read.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_alpn_protocols(["http/1.1"])
    try:
        if access.insecure:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        elif access.ca is not None:
            context.load_verify_locations(cadata=access.ca.decode("ascii", "ignore"))
        else:
            context.load_default_certs()
    except ssl.SSLError as error:
        raise UsageError(
            f"the certificate authority for {without_login(access.server)} can't be read: {error}"
        ) from error
    if access.client_certificate is not None:
        load_client_certificate(context, access, access.client_certificate, access.client_key or b"")
    return context


def proxy_context(access: Access) -> ssl.SSLContext:
    """The context for an https proxy in front of ``access.server``.

    As with kubectl the cluster's own authority is trusted there too, besides those of the system.
    """
    context = ssl.create_default_context()
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if access.ca is not None:
        context.load_verify_locations(cadata=access.ca.decode("ascii", "ignore"))
    if access.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def load_client_certificate(context: ssl.SSLContext, access: Access, certificate: bytes, key: bytes) -> None:
    """Show a certificate to the server from now on.

    Raises:
        UsageError: the certificate or the key can't be read.
    """
    chain = certificate.rstrip() + b"\n" + key
    with _as_file(chain) as path:
        try:
            context.load_cert_chain(path)
        except (ssl.SSLError, OSError, ValueError) as error:
            raise UsageError(
                f"the client certificate and key for {without_login(access.server)} can't be used: {error}"
            ) from error


@contextmanager
def _as_file(data: bytes) -> Iterator[str]:
    """Show bytes as a file for a moment, because OpenSSL's Python face reads keys from nothing else.

    On Linux an anonymous file in memory; elsewhere a temporary file that nobody else may read.
    """
    if sys.platform == "linux":
        descriptor = os.memfd_create("client-certificate", os.MFD_CLOEXEC)
        try:
            with os.fdopen(os.dup(descriptor), "wb") as file:
                file.write(data)
            yield f"/proc/self/fd/{descriptor}"
        finally:
            os.close(descriptor)
    else:
        with tempfile.TemporaryDirectory() as directory:  # mkdtemp makes it 0700
            path = Path(directory, "client.pem")
            path.touch(0o600)
            path.write_bytes(data)
            yield str(path)
