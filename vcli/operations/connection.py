"""What to connect to, and how."""

from dataclasses import dataclass
from typing import Final

from vcli import inputs
from vcli.errors import UsageError
from vcli.operations.endpoint import Endpoint
from vcli.operations.resolve import check_place

LOOPBACK: Final = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What to connect to, and how.

    Raises UsageError when one of them makes no sense, or two don't go together.

    Attributes:
        name: of the virtual cluster.
        namespace: on the host; None to look in all.
        kubeconfig: ``--kubeconfig`` of the host.
        context: ``--context`` of the host.
        timeout: seconds to wait until it is ready.
        address: for the tunnel to listen on.
        local_port: for the tunnel; 0 takes a free one.
        server: a URL that reaches the virtual API: then there is no tunnel.
        service_account: ``[NAMESPACE/]NAME`` inside, to connect as.
        cluster_role: to bind to that account.
        token_life: of that account's token, in seconds.
        context_name: instead of ``vcluster_NAME_NAMESPACE_PARENT``.
        foreground: a tunnel is wanted, even where it could do without.
        inline_key: write the credentials into kubeconfigs, not how to ask `vcli.operations.token` for them;
            None to do so only for a ServiceAccount.
    """

    name: str
    namespace: str | None = None
    kubeconfig: str | None = None
    context: str | None = None
    timeout: float | None = None
    address: str = LOOPBACK
    local_port: int = 0
    server: str | None = None
    service_account: str | None = None
    cluster_role: str | None = None
    token_life: float | None = None
    context_name: str | None = None
    foreground: bool = False
    inline_key: bool | None = None

    def __post_init__(self) -> None:
        self._check_each()
        if (self.cluster_role or self.token_life is not None) and not self.service_account:
            raise UsageError(
                "--cluster-role and --token-expiration need --service-account",
                hint="name the account: --service-account [NAMESPACE/]NAME",
            )
        if self.inline_key is False and self.service_account:
            raise UsageError("--no-key is for the administrator's key, so not with --service-account")
        if self.server and (self.local_port or self.address != LOOPBACK or self.foreground):
            raise UsageError(
                "--server means no tunnel, so --local-port, --address and --foreground make no sense with it"
            )

    def _check_each(self) -> None:
        check_place(self.name, self.namespace)
        inputs.port(self.local_port, "the local port")
        inputs.address(self.address)
        if self.timeout is not None:
            inputs.timeout(self.timeout)
        if self.server is not None:
            Endpoint.of(self.server)
        if self.service_account is not None:
            inputs.service_account(self.service_account)
        if self.cluster_role is not None:
            inputs.role(self.cluster_role)
        if self.token_life is not None:
            inputs.token_life(self.token_life)
        if self.context_name is not None:
            inputs.not_empty(self.context_name, "the name of the context")
