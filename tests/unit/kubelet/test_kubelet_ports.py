"""Which ports the kubelets get."""

from vcli.syncer.kubelet.ports import free_ports


def test_ports_are_outside_of_what_the_kernel_hands_out_and_kubernetes_uses() -> None:
    ports = list(free_ports({10250, 10300}))
    assert not {10250, 10300, *range(10251, 10260)} & set(ports)
    assert max(ports) < 32768
