"""What others do in the host namespace: administrators, controllers, quotas. One method a verb."""

import contextlib

from bodies import ADDRESSES, NODE_PORTS, Dice
from compare import Key
from field import Field, Object, let_go, picked
from judge import FOREIGN
from players import Host, Run
from script import RESOURCES, Step

from vcli.kube.errors import ApiError, NotFound
from vcli.kube.resources import PODS, RESOURCEQUOTAS, SERVICES
from vcli.syncer.translate import keys
from vcli.syncer.translate.metadata import virtual_uid_of

_HOLD = f"{FOREIGN}hold"
_COUNTED = (
    "count/pods",
    "count/services",
    "count/configmaps",
    "count/secrets",
    "count/persistentvolumeclaims",
    "count/endpointslices.discovery.k8s.io",
)
_OF_ONE_SERVICE = ("clusterIP", "clusterIPs", "healthCheckNodePort")


class Neighbours:
    """Disturbs the host namespace, and remembers what it left there.

    Args:
        field: both clusters.
        players: kubelet and scheduler, which know what has started.
        squatters: another host namespace, for Services that sit on addresses.
    """

    def __init__(self, field: Field, players: Host, *, squatters: str) -> None:
        self._field = field
        self._players = players
        self._squatters = squatters
        self._stripped: list[Object] = []
        self._copies: dict[Key, str] = {}
        self._marks: dict[str, str] = {}

    async def host_delete(self, step: Step) -> None:
        obj = await self._pick(step)
        if obj is not None:
            await self._delete_somehow(obj, step.variant)

    async def host_lose(self, step: Step) -> None:
        """A pod that runs is gone at once, as when its node dies."""
        running = [each for each in await self._field.host_objects("Pod") if "startTime" in each["status"]]
        obj = picked(running, step.pick)
        if obj is not None:
            await self._delete(obj, grace=0)

    async def _delete_somehow(self, obj: Object, variant: int) -> None:
        is_pod = Key.of(obj).kind == "Pod"
        grace = Dice(variant).of(0, None, 1) if is_pod else None
        await self._delete(obj, grace=grace, evict=is_pod and variant % 5 == 0)

    async def _delete(self, obj: Object, *, grace: int | None, evict: bool = False) -> None:
        key, uid, field = Key.of(obj), obj["metadata"]["uid"], self._field
        async with self._players.lock:
            run = self._players.runs.get(uid)
            if run is not None:
                run.deleted_by_host = True
            if key.kind == "Pod":
                await self._excuse_pod(obj, run)
            with contextlib.suppress(ApiError):
                if evict:
                    field.say(f"evict host {key}")
                    eviction = {
                        "metadata": {"name": key.name},
                        "deleteOptions": {"preconditions": {"uid": uid}},
                    }
                    await field.host.create_subresource(
                        PODS, key.name, "eviction", eviction, namespace=key.namespace
                    )
                else:
                    field.say(f"delete host {key} grace={grace}")
                    await field.host.delete(
                        RESOURCES[key.kind], key.name, namespace=key.namespace, uid=uid, grace=grace
                    )

    async def _excuse_pod(self, host: Object, run: Run | None) -> None:
        """A pod that had started, and of which the virtual cluster knows it, ends with its host pod."""
        field, owner = self._field, self._field.owner(host)
        if owner is None:
            return
        key = Key("Pod", owner.namespace, owner.name)
        with contextlib.suppress(NotFound):
            virtual = await field.virtual.get(PODS, owner.name, namespace=owner.namespace)
            if virtual["metadata"]["uid"] != virtual_uid_of(host):
                return
            if "startTime" in virtual["status"]:
                field.intent.gone(key)
            else:
                field.intent.either(key)
                if run is not None:
                    run.started = False  # nobody could know it

    async def host_mark(self, step: Step) -> None:
        obj = await self._pick(step)
        if obj is not None:
            value = str(step.variant)
            marks = {"labels": {f"{FOREIGN}mark": value}, "annotations": {f"{FOREIGN}mark": value}}
            if await self._patch(f"mark host {Key.of(obj)}", obj, marks):
                self._marks[obj["metadata"]["uid"]] = value

    async def host_strip(self, step: Step) -> None:
        """Take our label off."""
        obj = await self._pick(step)
        if obj is None:
            return
        gone = {"labels": {keys.MANAGED_BY: None}}
        if not await self._patch(f"strip host {Key.of(obj)}", obj, gone):
            return
        if Dice(step.variant).of(False, False, True):
            await self._delete_somehow(obj, step.variant)
        elif obj["kind"] == "Pod":  # all else has to get it back by itself
            self._stripped.append(obj)

    async def host_restore(self, _: Step) -> None:
        """Put the labels back that were taken off."""
        for obj in self._stripped:
            labels = {keys.MANAGED_BY: self._field.scope.cluster}
            await self._patch(f"restore host {Key.of(obj)}", obj, {"labels": labels})
        self._stripped.clear()

    async def host_hold(self, step: Step) -> None:
        obj = await self._pick(step)
        if obj is not None:
            finalizers = [*(obj["metadata"].get("finalizers") or ()), _HOLD]
            await self._patch(f"hold host {Key.of(obj)}", obj, {"finalizers": finalizers})

    async def host_release(self) -> None:
        """Take all finalizers off that were put on."""
        for obj in (await self._field.host_snapshot()).values():
            if _HOLD in (obj["metadata"].get("finalizers") or ()):
                self._field.say(f"release host {Key.of(obj)}")
                await let_go(self._field.host, RESOURCES[obj["kind"]], obj, _HOLD)

    async def host_copy(self, step: Step) -> None:
        """Make an object like ours under another name, as controllers and people do."""
        obj = await self._pick(step)
        if obj is None:
            return
        metadata = {
            "name": f"copy-{step.variant}",
            "labels": obj["metadata"]["labels"],
            "annotations": obj["metadata"]["annotations"],
            "ownerReferences": obj["metadata"]["ownerReferences"],
        }
        body = {key: value for key, value in obj.items() if key != "status"} | {"metadata": metadata}
        if obj["kind"] == "Service":
            ports = [{k: v for k, v in p.items() if k != "nodePort"} for p in obj["spec"].get("ports") or ()]
            spec = {k: v for k, v in obj["spec"].items() if k not in _OF_ONE_SERVICE} | {"ports": ports}
            body["spec"] = spec
        made = await self._field.tried(
            f"copy host {Key.of(obj)}",
            self._field.host.create(RESOURCES[obj["kind"]], body, namespace=self._field.namespace),
        )
        if made is not None:
            self._copies[Key.of(made)] = made["metadata"]["uid"]

    async def host_status(self, step: Step) -> None:
        """A pod says something or has run to its end, a load balancer gets an address."""
        obj, dice = await self._pick(step), Dice(step.variant)
        if obj is None:
            return
        if obj["kind"] == "Service":
            status = {"loadBalancer": {"ingress": [{"ip": dice.of("203.0.113.1", "203.0.113.2")}]}}
        elif obj["kind"] == "Pod" and "startTime" in obj["status"]:
            said = {"message": f"says ☃ {step.variant} of {obj['metadata']['name']}"}
            status = dice.of(said, said, {"phase": "Succeeded"}, {"phase": "Failed", "reason": "Evicted"})
        else:
            return
        metadata = obj["metadata"]
        body = {"metadata": {"uid": metadata["uid"]}, "status": status}
        async with self._players.lock:
            await self._field.tried(
                f"status of host {Key.of(obj)} {status}",
                self._field.host.patch(
                    RESOURCES[obj["kind"]],
                    metadata["name"],
                    body,
                    namespace=metadata["namespace"],
                    subresource="status",
                ),
            )

    async def quota(self, _: Step) -> None:
        """From now on nothing can be created."""
        nothing = dict.fromkeys(_COUNTED, "0")
        body = {"metadata": {"name": "nothing"}, "spec": {"hard": nothing}}
        host, namespace = self._field.host, self._field.namespace
        if await self._field.tried("quota", host.create(RESOURCEQUOTAS, body, namespace=namespace)):
            status = {"status": {"hard": nothing, "used": nothing}}
            await host.patch(RESOURCEQUOTAS, "nothing", status, namespace=namespace, subresource="status")

    async def lift_quota(self, _: Step) -> None:
        with contextlib.suppress(NotFound):
            await self._field.host.delete(RESOURCEQUOTAS, "nothing", namespace=self._field.namespace)
            self._field.say("quota lifted")

    async def squat(self, step: Step) -> None:
        """Somebody else's Service takes an address or a node port, or lets go of it."""
        dice = Dice(step.variant)
        spec: Object = {"ports": [{"port": 80}], "type": dice.of("ClusterIP", "NodePort")}
        if spec["type"] == "NodePort":
            spec["ports"][0]["nodePort"] = dice.of(*NODE_PORTS)
            name = f"port-{spec['ports'][0]['nodePort']}"
        else:
            spec["clusterIP"] = dice.of(*ADDRESSES)
            name = f"address-{spec['clusterIP'][-1]}"
        host = self._field.host
        body = {"metadata": {"name": name}, "spec": spec}
        if dice.of(True, True, False):
            await self._field.tried(f"squat {spec}", host.create(SERVICES, body, namespace=self._squatters))
        else:
            await self._field.tried(
                f"squat no more {name}", host.delete(SERVICES, name, namespace=self._squatters)
            )

    async def kubelet_sleeps(self, _: Step) -> None:
        self._field.say("kubelet sleeps")
        self._players.awake = False

    async def kubelet_wakes(self, _: Step) -> None:
        self._field.say("kubelet wakes")
        self._players.awake = True

    # --- looking back

    async def leave_in_peace(self) -> None:
        """End every disturbance that would keep the host from coming to rest."""
        nothing = Step("", "", 0, 0)
        await self.lift_quota(nothing)
        await self.kubelet_wakes(nothing)
        await self.host_restore(nothing)
        await self.host_release()

    def disturbed(self, host: dict[Key, Object]) -> list[str]:
        """What the syncer did to things that are not its own."""
        found = [
            f"{key}, a copy of ours, is gone or another one"
            for key, uid in self._copies.items()
            if key not in host or host[key]["metadata"]["uid"] != uid
        ]
        for key, obj in host.items():
            mark = self._marks.get(obj["metadata"]["uid"])
            for field in ("labels", "annotations"):
                there = (obj["metadata"].get(field) or {}).get(f"{FOREIGN}mark")
                if mark is not None and there != mark:
                    found.append(f"host {key}: the mark of somebody else among its {field} is {there}")
        return found

    async def _pick(self, step: Step) -> Object | None:
        return picked(await self._field.host_objects(step.kind), step.pick)

    async def _patch(self, what: str, obj: Object, metadata: Object) -> Object | None:
        own = obj["metadata"]
        body = {"metadata": {**metadata, "uid": own["uid"]}}
        return await self._field.tried(
            what,
            self._field.host.patch(RESOURCES[obj["kind"]], own["name"], body, namespace=own["namespace"]),
        )
