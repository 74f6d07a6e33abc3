"""Runs stages of paytriage on Apache Spark: the driver that spark-submit starts.

    spark-submit --master URL driver.py paytriage analyze ...   runs paytriage with this engine
    spark-submit --master URL driver.py --connect SOCKET        is what paytriage itself runs

It takes requests from a Unix socket and knows nothing of logs. A message is a
line of JSON, some frames, and a last frame. A frame is a data set, a key and a
length (four bytes each, the lowest first) and its bytes, as `paytriage stage`
reads and writes them.

A data set is an RDD of frames of which Spark sees only bytes: nothing is pickled.
What a stage gives is shuffled once, one partition for each key and one behind
them for the results. Tasks take several partitions, one after the other, and
feed them to one process.
"""
import itertools
import json
import os
import platform
import re
import select
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

from pyspark import SparkConf, SparkContext, SparkFiles, StorageLevel
from pyspark.rdd import RDD
from pyspark.serializers import NoOpSerializer

HEAD = "<III"  # of a frame: 12 bytes
NUMBER = "<I"  # the data set, where the head begins
LONG = "!q"  # a key, as Spark's PairwiseRDD reads it
DONE = 0xFFFFFFFF
RESULT = 0  # the data set of results, in whatever is shuffled
FAILED = "paytriage stage failed <<"  # before the reason of a failed task, and
DEAF = 120  # seconds without any worker while a job runs


class Failure(Exception):
    """What the user is told, and of what kind it is."""

    def __init__(self, text, kind="lost"):
        Exception.__init__(self, text)
        self.kind = kind


def read_frame(stream):
    """The next frame of a stream: data set, key, bytes; None where it ends early."""
    head = stream.read(12)
    if len(head) < 12:
        return None
    number, key, size = struct.unpack(HEAD, head)
    data = stream.read(size) if size else b""
    return (number, key, data) if len(data) == size else None


def pipe(program, name, config, numbers, outs, keys, cpus):
    """The work of a task: a function from frames to frames.

    numbers gives, by data set, which input of the stage it is; outs gives the data
    sets of what the stage writes, results first. With keys, what comes out are
    pairs of a partition and a frame."""

    def feed(process, frames, trouble):
        try:
            for number, frame in frames:
                process.stdin.write(struct.pack(NUMBER, number))
                process.stdin.write(memoryview(frame)[4:])
            process.stdin.close()
        except BaseException as e:  # its input is not whole: it must not end well
            trouble.append(e)
            process.kill()

    def run(records):
        frames = ((numbers[n], r) for r in records for n in struct.unpack_from(NUMBER, r) if n in numbers)
        first = next(frames, None)
        if first is None:
            return
        # Spark removes this folder with the job, also after a kill.
        folder = tempfile.mkdtemp(prefix="paytriage-", dir=os.environ.get("SPARK_LOCAL_DIRS", "").split(",")[0] or None)
        process = None
        try:
            frozen = os.path.join(folder, "frozen")
            with open(frozen, "wb") as f:
                f.write(config)
            with open(os.path.join(folder, "stderr"), "w+b") as stderr:
                process = start(folder, frozen, stderr)
                trouble = []
                feeder = threading.Thread(target=feed, args=(process, itertools.chain([first], frames), trouble), daemon=True)
                feeder.start()
                whole = False
                while True:
                    frame = read_frame(process.stdout)
                    if frame is None:
                        break
                    number, key, data = frame
                    if number == DONE:
                        whole = True
                        break
                    if number >= len(outs) or number != RESULT and key >= keys:
                        fail("it wrote a block for key %d of data set %d" % (key, number))
                    if keys is not None:
                        yield struct.pack(LONG, keys if number == RESULT else key)
                    yield struct.pack(HEAD, outs[number], key, len(data)) + data
                if not whole:
                    process.stdout.close()
                code = process.wait()
                if code or not whole:
                    stderr.seek(max(0, stderr.seek(0, 2) - 2000))
                    last = stderr.read().decode("utf-8", "replace").strip()
                    fail(last or "signal %d" % -code if code < 0 else last or "exit code %d before the end" % code)
                feeder.join()
                if trouble:
                    raise trouble[0]
        finally:
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()
            shutil.rmtree(folder, ignore_errors=True)

    def start(folder, frozen, stderr):
        command = [SparkFiles.get(program), "stage", name, "--frozen", frozen, "--sets", str(len(set(numbers.values())))]
        env = dict(os.environ, TMPDIR=folder, GOMAXPROCS=cpus)
        try:
            return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr, env=env, cwd=folder)
        except OSError as e:
            fail("%s cannot be run on %s: %s" % (program, platform.machine(), e))

    def fail(reason):
        raise RuntimeError("%s%s>>" % (FAILED, reason))

    return run


class Set:
    """A data set: pairs of a key and a frame, in keys + 1 partitions."""

    def __init__(self, number, keys, pairs=None, blocks=None):
        self.number = number
        self.keys = keys
        self.pairs = pairs  # of the JVM; several data sets may share one
        self.blocks = blocks  # frames that the driver still has
        self.read = None  # the RDD, once it was read
        self.kept = False
        self.once = False  # it is read once


class Engine:
    def __init__(self, sc, program):
        self.sc = sc
        sc.addFile(program)
        self.program = os.path.basename(program)
        self.sets = {}
        self.writing = {}  # streams, by URL
        self.numbers = itertools.count(RESULT + 1)
        self.cpus = sc.getConf().get("spark.task.cpus", "1")
        self.tasks = int(sc.getConf().get("spark.paytriage.tasks", "0")) or max(4 * sc.defaultParallelism, 16)

    def put(self, name, blocks):
        number = next(self.numbers)
        frames = [(key, struct.pack(HEAD, number, key, len(data)) + data) for _, key, data in blocks]
        self.sets[name] = Set(number, 1 + max((k for k, _ in frames), default=0), blocks=frames)

    def files(self, url):
        """What Hadoop's file systems have under a URL: names, sizes, times."""
        path = self.sc._jvm.org.apache.hadoop.fs.Path(url)
        system = path.getFileSystem(self.sc._jsc.hadoopConfiguration())
        found = []
        for status in system.globStatus(path) or ():
            if not status.isDirectory():
                found.append(status)
                continue
            root, below = str(status.getPath()).rstrip("/"), system.listFiles(status.getPath(), True)
            while below.hasNext():
                one = below.next()
                parts = str(one.getPath())[len(root) :].strip("/").split("/")
                if not any(p[:1] in "._" for p in parts):  # _SUCCESS and the like
                    found.append(one)
        return [(str(s.getPath()), s.getLen(), s.getModificationTime()) for s in found]

    def read_at(self, url, offset, size):
        path = self.sc._jvm.org.apache.hadoop.fs.Path(url)
        stream = path.getFileSystem(self.sc._jsc.hadoopConfiguration()).open(path)
        try:
            stream.seek(offset)
            return bytes(self.sc._jvm.org.apache.commons.io.IOUtils.toByteArray(stream, size))
        finally:
            stream.close()

    def save(self, url, data, last):
        """Writes the next bytes of a new file, which is one when it is ended."""
        path = self.sc._jvm.org.apache.hadoop.fs.Path(url)
        conf = self.sc._jsc.hadoopConfiguration()
        system = path.getFileSystem(conf)
        if url not in self.writing:
            conf.set("fs.permissions.umask-mode", "077")
            system.setWriteChecksum(False)
            self.writing[url] = system.create(path, False)
        stream = self.writing[url]
        try:
            stream.write(bytearray(data))
            if last:
                self.writing.pop(url).close()
        except BaseException:
            self.writing.pop(url, None)
            try:
                stream.abort()  # of an object store: there it is a file once it is closed
            except Exception:
                system.delete(path, False)
            raise

    def load(self, name, urls, blocks):
        """A data set of files, which are read where Spark likes, and once."""
        number, at = next(self.numbers), {}
        for url, (_, key, data) in zip(urls, blocks):
            if re.search(r"[][{}*?,\\^]", url):
                raise Failure("%s: Spark takes some of these characters for a pattern" % url, "name")
            at.setdefault(url, []).append((key, data))  # an archive has several

        def frames(files):
            for url, content in files:
                for key, data in at[url]:
                    yield b"".join((struct.pack(HEAD, number, key, len(data) + len(content)), data, content))

        source = self.sc.binaryFiles(",".join(at), self.tasks).mapPartitions(frames)
        source._bypass_serializer = True  # what it gives are bytes
        s = self.sets[name] = Set(number, 1 + max((key for _, key, _ in blocks), default=0))
        s.read, s.once = RDD(source._jrdd, self.sc, NoOpSerializer()), True

    def drop(self, names):
        for name in names:
            s = self.sets.pop(name, None)
            if s is not None and s.kept:
                s.read.unpersist()

    def shuffle(self, rdd, keys):
        """Pairs of an RDD that gives keys and frames in turn, by key.

        It does what RDD.partitionBy does, which would first collect a thousand
        blocks in the memory of the Python process."""
        rdd._bypass_serializer = True
        pairs = self.sc._jvm.PairwiseRDD(rdd._jrdd.rdd()).asJavaPairRDD()
        return pairs.partitionBy(self.sc._jvm.org.apache.spark.HashPartitioner(keys + 1))

    def spread(self, s, keys):
        """The pairs of a data set in as many partitions as another has."""
        if s.pairs is not None and s.keys == keys:
            return s.pairs
        if s.blocks is not None:
            source = self.sc.parallelize([f for _, f in s.blocks], max(1, min(len(s.blocks), self.tasks)))
        else:
            source = self.raw(s.pairs).coalesce(self.tasks)

        wanted = s.number

        def keyed(frames):
            for frame in frames:
                number, key, _ = struct.unpack_from(HEAD, frame)
                if number == wanted:
                    yield struct.pack(LONG, key)
                    yield frame

        s.pairs, s.keys, s.blocks = self.shuffle(source.mapPartitions(keyed), keys), keys, None
        return s.pairs

    def raw(self, pairs):
        return RDD(pairs.values(), self.sc, NoOpSerializer())

    def input(self, sets):
        """The frames of data sets, those of a key in one partition."""
        keys = max(s.keys for s in sets)
        if len(sets) == 1 and sets[0].read is not None:
            s = sets[0]
            if not s.kept and not s.once:  # read a second time: it will be read again
                s.kept = True
                s.read.persist(StorageLevel.DISK_ONLY)
            return s.read
        pairs = [self.spread(s, keys) for s in sets]
        together = pairs[0]
        for i, p in enumerate(pairs):
            if not any(p is q for q in pairs[:i]):
                together = together.union(p) if i else p
        frames = self.raw(together)
        if len(sets) == 1:
            sets[0].read = frames
        return frames

    def run(self, stage, config, ins, outs, keys):
        """Runs a stage and returns the frames of its results."""
        for name in ins:
            if name not in self.sets:
                raise Failure("stage %s: there is no data set %s" % (stage, name))
        sets = [self.sets[name] for name in ins]
        numbers = {s.number: i for i, s in enumerate(sets)}
        filled = [next(self.numbers) for _ in outs]
        frames = self.input(sets)
        work = frames.coalesce(self.tasks).mapPartitions(pipe(self.program, stage, config, numbers, [RESULT] + filled, keys if outs else None, self.cpus))
        if not outs:
            work._bypass_serializer = True
            return work.collect()
        pairs = self.shuffle(work, keys)
        # Of the partitions only that of the results is asked for: the others stay
        # where they are until a stage reads them.
        found = self.sc.runJob(self.raw(pairs), lambda results: results, [keys])
        for name, number in zip(outs, filled):
            self.sets[name] = Set(number, keys, pairs=pairs)
        return found


class Door:
    """The socket to paytriage."""

    def __init__(self, conn):
        self.conn = conn
        self.stream = conn.makefile("rwb", 1 << 20)

    def take(self):
        """The next request and its frames, None where paytriage has gone."""
        line = self.stream.readline()
        if not line:
            return None
        frames = []
        while True:
            frame = read_frame(self.stream)
            if frame is None:
                return None
            if frame[0] == DONE:
                return json.loads(line.decode()), frames
            frames.append(frame)

    def give(self, answer, frames=()):
        self.stream.write(json.dumps(answer).encode() + b"\n")
        for frame in frames:
            self.stream.write(frame)
        self.stream.write(struct.pack(HEAD, DONE, 0, 0))
        self.stream.flush()

    def gone(self, seconds):
        """Waits, and says whether paytriage went away meanwhile."""
        if not select.select([self.conn], [], [], seconds)[0]:
            return False
        return self.conn.recv(1, socket.MSG_PEEK) == b""


def workers(sc):
    """How many executors there are, the driver not counted unless it is all there is."""
    n = len(sc._jsc.sc().statusTracker().getExecutorInfos())
    return n if sc.master.startswith("local") else n - 1


def reason(e):
    """What the user is told of an error of Spark."""
    text = str(getattr(e, "java_exception", None) or e)
    mine = re.search(re.escape(FAILED) + "(.*?)>>", text, re.S)
    if mine:
        return {"error": mine.group(1), "kind": "stage"}
    lost = "ExecutorLostFailure" in text or "FetchFailed" in text or "SparkContext" in text
    return {"error": text.splitlines()[0][:1000] if text else type(e).__name__, "kind": "lost" if lost else "engine"}


def watched(door, sc, stage, job):
    """Runs a job in a thread, and says how far it is until it ends."""
    tracker, group, end = sc.statusTracker(), "paytriage %s %f" % (stage, time.time()), {}

    def work():
        try:
            sc.setJobGroup(group, "paytriage stage " + stage, interruptOnCancel=True)
            end["found"] = job()
        except BaseException as e:
            end["failed"] = e

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    seen, told = time.time(), None
    while True:
        thread.join(0.02 if told is None else 0.2)
        if not thread.is_alive():
            break
        if door.gone(0):
            sys.exit("paytriage has gone")
        known = [tracker.getStageInfo(s) for j in tracker.getJobIdsForGroup(group) for s in tracker.getJobInfo(j).stageIds]
        begun = [s for s in known if s and s.numActiveTasks + s.numCompletedTasks + s.numFailedTasks]  # others may be skipped
        now = {"done": sum(s.numCompletedTasks for s in begun), "tasks": sum(s.numTasks for s in begun),
               "failed": sum(s.numFailedTasks for s in begun), "workers": workers(sc)}
        if now["workers"]:
            seen = time.time()
        elif time.time() - seen > DEAF:
            sc.cancelAllJobs()
            raise Failure("no worker is left, and for %d seconds none came" % DEAF)
        if now != told:
            told = now
            door.give({"progress": now})
    if "failed" in end:
        raise end["failed"]
    return end["found"]


def serve(door, sc, engine):
    while True:
        message = door.take()
        if message is None or message[0]["op"] == "close":
            return
        r, frames = message
        try:
            found = ()
            if r["op"] == "put":
                engine.put(r["name"], frames)
            elif r["op"] == "list":
                found = [(0, 0, json.dumps(f).encode()) for f in engine.files(r["url"])]
                found = [struct.pack(HEAD, *f[:2], len(f[2])) + f[2] for f in found]
            elif r["op"] == "read":
                data = engine.read_at(r["url"], r["offset"], r["size"])
                found = [struct.pack(HEAD, 0, 0, len(data)) + data]
            elif r["op"] == "save":
                engine.save(r["url"], b"".join(data for _, _, data in frames), r.get("last", False))
            elif r["op"] == "load":
                engine.load(r["name"], r["urls"], frames)
            elif r["op"] == "drop":
                engine.drop(r["names"])
            elif r["op"] == "run":
                config = b"".join(data for _, _, data in frames)
                found = watched(door, sc, r["stage"], lambda: engine.run(r["stage"], config, r["in"], r["out"] or [], r["keys"]))
            door.give({"ok": True}, found)
        except Failure as e:
            door.give({"error": str(e), "kind": e.kind})
        except Exception as e:
            door.give(reason(e))


def main():
    given = sys.argv[1:]
    folder = child = None
    if len(given) == 2 and given[0] == "--connect":
        conn = socket.socket(socket.AF_UNIX)
        conn.connect(given[1])
    elif given:
        folder = tempfile.mkdtemp(prefix="paytriage-")
        path = os.path.join(folder, "door")
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        listener.listen(1)
        listener.settimeout(1)
        child = subprocess.Popen(given + ["--engine", "spark", "--master", "unix:" + path])
        conn = None
        while conn is None:
            try:
                conn = listener.accept()[0]
                conn.settimeout(None)
            except socket.timeout:
                if child.poll() is not None:
                    break
    else:
        sys.exit(__doc__)
    try:
        if conn is not None:
            work(Door(conn))
            conn.close()
        if child is not None:
            code = child.wait()
            if code:
                sys.exit(code)
    finally:
        if child is not None and child.poll() is None:
            child.terminate()
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def work(door):
    conf = SparkConf()
    # Java only moves bytes here: its best compiler would cost more than it saves.
    for name, value in (("spark.app.name", "paytriage"), ("spark.driver.maxResultSize", "0"),
                        ("spark.executor.extraJavaOptions", "-XX:TieredStopAtLevel=1")):
        conf.setIfMissing(name, value)
    hello, _ = door.take() or sys.exit("paytriage has gone")
    try:
        sc = SparkContext(conf=conf)
    except Exception as e:
        door.give({"error": reason(e)["error"], "kind": "start"})
        return
    try:
        sc.setLogLevel("WARN")
        until = time.time() + hello["patience"]
        while workers(sc) == 0:
            if time.time() > until:
                door.give({"error": "no worker took the job within %d seconds" % hello["patience"], "kind": "none"})
                return
            if door.gone(0.2):
                return
        engine = Engine(sc, hello["program"])
        door.give({"ok": True, "spark": sc.version, "python": platform.python_version(), "workers": workers(sc), "cores": sc.defaultParallelism})
        serve(door, sc, engine)
    finally:
        sc.stop()


if __name__ == "__main__":
    main()
