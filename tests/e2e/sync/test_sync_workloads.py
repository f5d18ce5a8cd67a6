"""Deployments, StatefulSets, DaemonSets, Jobs: the virtual control plane makes pods, the host runs them."""

import pytest
from polling import eventually
from space import IDLE, Space, pod, serving, template


@pytest.mark.skew
def test_a_deployment_serves_and_rolls_over(space: Space) -> None:
    def web(greeting: str):
        env = [{"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]
        probe = {"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 1}
        spec = template(
            serving(f"{greeting} $POD"), app="web", container={"env": env, "readinessProbe": probe}
        )
        return {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "web"},
            "spec": {"replicas": 2, **spec},
        }

    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web"},
        "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}]},
    }
    space.apply(web("hello"), service, pod("client"))
    space.rollout("deployment/web")
    space.wait("condition=Ready", "pod/client")
    names = {each["metadata"]["name"] for each in space.get("pods", "-l", "app=web")["items"]}

    def both_answered() -> bool:
        answers = space.sh("client", "for i in 1 2 3 4 5 6 7 8; do wget -qO- http://web/; done")
        return set(answers.splitlines()) == {f"hello {name}" for name in names}

    eventually(both_answered, seconds=30)

    space.apply(web("goodbye"))
    space.rollout("deployment/web")
    eventually(lambda: "goodbye" in space.sh("client", "wget -qO- http://web/"), seconds=30)
    eventually(lambda: not names & set(pods_of(space, "app=web")), seconds=60)


def pods_of(space: Space, selector: str) -> list[str]:
    return [each["metadata"]["name"] for each in space.get("pods", "-l", selector)["items"]]


@pytest.mark.skew
def test_a_stateful_set_keeps_names_and_data(space: Space) -> None:
    claim = {
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}},
    }
    mounts = [{"name": "data", "mountPath": "/data"}]
    database = {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": "db"},
        "spec": {
            "replicas": 2,
            "serviceName": "db",
            "volumeClaimTemplates": [claim],
            **template(IDLE, app="db", container={"volumeMounts": mounts}),
        },
    }
    headless = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "db"},
        "spec": {"clusterIP": "None", "selector": {"app": "db"}, "ports": [{"port": 5432}]},
    }
    space.apply(headless, database)
    space.rollout("statefulset/db")
    space.sh("db-0", "echo kept > /data/file")
    peer = space.get("pod", "db-1")["status"]["podIP"]
    name = f"db-1.db.{space.name}.svc.cluster.local"
    eventually(lambda: peer in space.kubectl("exec", "db-0", "--", "nslookup", name, check=False), seconds=60)

    before = space.get("pod", "db-0")["metadata"]["uid"]
    space.kubectl("delete", "pod", "db-0")
    eventually(lambda: uid_of(space, "db-0") not in (None, before))
    space.rollout("statefulset/db")
    assert space.sh("db-0", "cat /data/file") == "kept"
    bound = space.get("persistentvolumeclaim", "data-db-0")
    assert bound["status"]["phase"] == "Bound"
    assert bound["status"]["capacity"]["storage"]


def uid_of(space: Space, name: str) -> str | None:
    done = space.run("get", "pod", name, "--output", "jsonpath={.metadata.uid}")
    return done.stdout if done.returncode == 0 else None


@pytest.mark.skew
def test_a_daemon_set_has_a_pod_on_each_node_in_use(space: Space) -> None:
    space.apply(
        pod("anchor"),
        {
            "apiVersion": "apps/v1",
            "kind": "DaemonSet",
            "metadata": {"name": "agent"},
            "spec": template(IDLE, app="agent"),
        },
    )
    space.wait("condition=Ready", "pod/anchor")
    nodes = {each["metadata"]["name"] for each in space.get("nodes")["items"]}
    space.rollout("daemonset/agent")
    agents = space.get("pods", "-l", "app=agent")["items"]
    assert {each["spec"]["nodeName"] for each in agents} == nodes


@pytest.mark.skew
def test_a_job_completes_and_counts_its_failures(space: Space) -> None:
    def job(name: str, script: str, **spec):
        body = template(script, app=name, restartPolicy="Never")["template"]
        return {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {"name": name},
            "spec": {"template": body, **spec},
        }

    space.apply(job("good", "echo done", completions=3, parallelism=3), job("bad", "exit 3", backoffLimit=1))
    space.wait("condition=complete", "job/good")
    assert space.kubectl("logs", "--selector", "app=good").split() == ["done"] * 3
    space.wait("condition=failed", "job/bad")
    [failed, *_] = space.get("pods", "-l", "app=bad")["items"]
    assert failed["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 3
    space.kubectl("delete", "job", "good", "bad")
    eventually(lambda: space.on_host("pods") == [])


@pytest.mark.skew
def test_init_containers_and_sidecars_run_in_order(space: Space) -> None:
    shared = [{"name": "shared", "mountPath": "/shared"}]
    base = {"image": pod("x")["spec"]["containers"][0]["image"], "imagePullPolicy": "IfNotPresent"}
    first = {
        **base,
        "name": "first",
        "command": ["sh", "-c", "echo one > /shared/log"],
        "volumeMounts": shared,
    }
    sidecar = {
        **base,
        "name": "sidecar",
        "restartPolicy": "Always",
        "command": ["sh", "-c", f"echo two >> /shared/log; {IDLE}"],
        "startupProbe": {"exec": {"command": ["grep", "two", "/shared/log"]}, "periodSeconds": 1},
        "volumeMounts": shared,
    }
    space.apply(
        pod(
            "ordered",
            "echo three >> /shared/log; cat /shared/log",
            initContainers=[first, sidecar],
            volumes=[{"name": "shared", "emptyDir": {}}],
            container={"volumeMounts": shared},
        )
    )
    space.wait("jsonpath={.status.phase}=Succeeded", "pod/ordered")
    assert space.kubectl("logs", "ordered", "-c", "main").split() == ["one", "two", "three"]


@pytest.mark.skew
def test_a_deleted_namespace_leaves_nothing_on_the_host(space: Space) -> None:
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "conf"}, "data": {"a": "b"}}
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web"},
        "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]},
    }
    source = [{"configMapRef": {"name": "conf"}}]
    space.apply(config, service, pod("web", container={"envFrom": source}, terminationGracePeriodSeconds=1))
    space.wait("condition=Ready", "pod/web")
    kinds = ("pods", "configmaps", "secrets", "services")
    assert all(space.on_host(kind) for kind in kinds)
    space.kubectl("delete", "namespace", space.name)
    for kind in kinds:
        eventually(lambda kind=kind: space.on_host(kind) == [], seconds=60)
    space.kubectl("create", "namespace", space.name)  # for the fixture to delete
