"""A Ray cluster of two nodes on this machine, in a process of its own: prints its address, obeys `kill` (of the second
node, as a power cut would) and ends with its input.
"""

from __future__ import annotations

import sys

from ray.cluster_utils import Cluster

NODE = {"num_cpus": 1, "object_store_memory": 80 << 20}

cluster = Cluster(initialize_head=True, head_node_args=NODE | {"include_dashboard": False})
second = cluster.add_node(**NODE)
print(cluster.address, flush=True)
for line in sys.stdin:
    if line.strip() == "kill":
        cluster.remove_node(second, allow_graceful=False)
    print("done", flush=True)
cluster.shutdown()
