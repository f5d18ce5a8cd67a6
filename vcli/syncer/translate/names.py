"""Host names for virtual names: the contract's, under the name that translations know them by."""

from vcli.contract.host_names import HostName as HostName  # noqa: PLC0414  with the functions
from vcli.contract.host_names import VirtualName as VirtualName  # noqa: PLC0414  with the functions
from vcli.contract.host_names import derived_name as derived_name  # noqa: PLC0414  all of them
from vcli.contract.host_names import host_cluster_name as host_cluster_name  # noqa: PLC0414  all of them
from vcli.contract.host_names import host_name as host_name  # noqa: PLC0414  all of them
