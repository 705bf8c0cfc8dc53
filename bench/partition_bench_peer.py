""
    "Finds communities by networkit and leidenalg, on one thread: what partition_bench.cc is compared with.

    Arguments : the folder that holds sources.bin and targets.bin(uint32, each edge once) and
    the number of nodes.Reads questions,
    a line of JSON each : hello;
communities (program: plm, leidenalg, igraph): seconds and the program's own
modularity, and writes labels.bin (uint32) to the folder.
"""

import json
import sys
import time

import numpy as np

try:
    import networkit
except ImportError:
    networkit = None
try:
    import igraph
    import leidenalg
except ImportError:
    igraph = leidenalg = None


class Peers:
    def __init__(self, folder, nodes):
        self.folder, self.nodes = folder, nodes
        self.sources = np.fromfile(folder + "/sources.bin", np.uint32)
        self.targets = np.fromfile(folder + "/targets.bin", np.uint32)
        self.networkit_graph = self.igraph_graph = None

    def of_networkit(self):
        if self.networkit_graph is None:
            networkit.setNumberOfThreads(1)
            networkit.setSeed(42, False)
            graph = networkit.GraphFromCoo((self.sources, self.targets), n=self.nodes)
            self.networkit_graph = graph
        return self.networkit_graph

    def of_igraph(self):
        if self.igraph_graph is None:
            edges = np.stack([self.sources, self.targets], axis=1)
            self.igraph_graph = igraph.Graph(n=self.nodes, edges=edges.tolist())
        return self.igraph_graph

    def plm(self):
        graph = self.of_networkit()
        begin = time.perf_counter()
        algorithm = networkit.community.PLM(graph, refine=False)
        algorithm.run()
        seconds = time.perf_counter() - begin
        partition = algorithm.getPartition()
        return seconds, np.array(partition.getVector(), np.uint32), networkit.community.Modularity().getQuality(
            partition, graph)

    def leidenalg(self):
        graph = self.of_igraph()
        begin = time.perf_counter()
        partition = leidenalg.find_partition(graph, leidenalg.ModularityVertexPartition, n_iterations=2, seed=42)
        return time.perf_counter() - begin, np.array(partition.membership, np.uint32), partition.modularity

    def igraph(self):
        graph = self.of_igraph()
        begin = time.perf_counter()
        partition = graph.community_leiden(objective_function="modularity", n_iterations=2)
        return time.perf_counter() - begin, np.array(partition.membership, np.uint32), partition.modularity


def main():
    peers = Peers(sys.argv[1], int(sys.argv[2]))
    for line in sys.stdin:
        question = json.loads(line)
        if question["question"] == "hello":
            versions = [f"{m.__name__} {m.__version__}" for m in (networkit, leidenalg, igraph) if m is not None]
            answer = {"versions": ", ".join(versions)}
        elif (networkit if question["program"] == "plm" else igraph) is None:
            answer = {"error": question["program"] + " is not installed"}
        else:
            seconds, labels, quality = getattr(peers, question["program"])()
            labels.tofile(peers.folder + "/labels.bin")
            answer = {"seconds": seconds, "modularity": quality}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
