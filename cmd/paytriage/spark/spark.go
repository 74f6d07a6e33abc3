// Package spark runs stages on Apache Spark.
//
// Start starts spark-submit with a driver in Python (driver.py, which is all of
// it) and talks to it over a Unix socket in a folder that only the user may enter.
// The driver ships this program to the workers, where Spark moves blocks and this
// program does all work: a task is a process of `paytriage stage`, fed by frames.
// Spark runs again what was on a worker that was lost; stages are pure, so the
// result is the same.
//
// It never waits for what cannot come: a master is called before Spark is started,
// a start and a cluster without workers have a time limit, and the end of
// spark-submit, whatever ends it, ends every call. While a stage runs there is no
// limit: nobody knows how long a file is read. The end of the context ends it.
//
// Why Spark: it is what those have whose logs are in a cluster, and it leaves a worker
// nothing to install. On two cores, a master and two workers of one core each, CPU of
// all processes together against the run without an engine: 41 s against 4 s for 1.55
// million rows, 138 s against 33 s for 21.7 million, 234 s against 95 s for 54.5 million.
// So some thirty seconds are Java's, and the rest is about four seconds for a million rows.
//
// The other way was tried with the same stages: a driver of 380 lines in the Go SDK of
// Beam (2.77), a job for each run of a stage, on Flink 1.19 of a master and two task
// managers with Go workers as processes; a job server of its version was not to be had,
// and one was put together from the parts of 2.62. It gave the same files, for 149 s of
// CPU with 1.57 million rows and about 290 s with 6.25 million, with 2.8 GiB in a task
// manager. With 21.6 million it did not end in two tries: once it waited for ever, since
// the runner takes all that a partition gives (some 400 MB) before it goes on, once a data
// channel broke. After a Go worker was killed the files were the same; after a task
// manager was killed the job went on, and was not held against another. It wants a job
// server, a program on every worker and a restart strategy set on the cluster, and its
// errors do not say what happened; Spark wants Python. That decided it. What is 2.62's
// alone of all this is not known.
//
// Files are read where Spark likes: by a path that all workers see, or by the URL of a
// file system that Spark has (List, ReadAt, Load). By URL a file is one block, and
// its bytes go from Java through Python to the stage. Save writes one through the
// driver, readable by its owner alone where the file system knows of owners.
//
// Blocks lie in Spark's own folders on the workers (spark.local.dir), which Spark
// removes with the job. They hold rows of the logs: what the cluster does to keep
// them from others (spark.io.encryption.enabled, spark.network.crypto.enabled,
// the rights of the folder) holds for them too.
package spark

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/paytriage/paytriage/forensics/stage"

	_ "embed" // the driver
)

// Driver is the program that spark-submit starts.
//
//go:embed driver.py
var Driver []byte

// Tested are the versions of Spark that the tests were run with.
const Tested = "3.5.9, 4.0.5, 4.3.0"

// minVersion is the least version that is let in: before it, Python's side of
// Spark was another.
const minVersion = "3.3"

// Options say where Spark is and what it may use.
type Options struct {
	// Master is what spark-submit takes: spark://host:7077, yarn, local[4], or
	// unix:PATH for a driver that runs already and listens there.
	Master string
	// Program is what the workers run, "" for this one. It must run on them:
	// static, and of their processor.
	Program string
	// Conf are settings of Spark, each NAME=VALUE.
	Conf []string
	// Patience is how long to wait for the driver to start, and then for the first
	// worker; 0 for two minutes and one.
	Patience time.Duration
	// Progress, if not nil, is told how far a stage is.
	Progress func(Progress)
}

// A Progress says how far Spark is with a stage, as Spark says it.
type Progress struct {
	Stage   string `json:"-"`
	Done    int    `json:"done"`  // tasks
	Tasks   int    `json:"tasks"` // that are known so far
	Failed  int    `json:"failed"`
	Workers int    `json:"workers"`
}

// An Error is what went wrong, and what to do next.
type Error struct{ Problem, Hint string }

func (e *Error) Error() string { return e.Problem }

// An Engine is a job of Spark.
type Engine struct {
	opt    Options
	mu     sync.Mutex // of a conversation: files are asked for by several
	child  *child     // nil where the driver ran already
	conn   net.Conn
	in     *bufio.Reader
	out    *bufio.Writer
	closed bool
	hello  answer
}

// An answer is what the driver says.
type answer struct {
	OK       bool      `json:"ok"`
	Error    string    `json:"error"`
	Kind     string    `json:"kind"` // stage, lost, start, none
	Progress *Progress `json:"progress"`
	Spark    string    `json:"spark"`
	Python   string    `json:"python"`
	Workers  int       `json:"workers"`
	Cores    int       `json:"cores"`
}

// A request is what the driver is asked for.
type request struct {
	Op       string   `json:"op"`
	Name     string   `json:"name,omitempty"`
	Names    []string `json:"names,omitempty"`
	Stage    string   `json:"stage,omitempty"`
	In       []string `json:"in,omitempty"`
	Out      []string `json:"out"`
	Keys     int      `json:"keys"`
	Program  string   `json:"program,omitempty"`
	URL      string   `json:"url,omitempty"`
	URLs     []string `json:"urls,omitempty"`
	Offset   int64    `json:"offset"`
	Size     int      `json:"size"`
	Last     bool     `json:"last,omitempty"`
	Patience int      `json:"patience,omitempty"`
}

var _ stage.Store = (*Engine)(nil)

// Start starts a job. The context is that of the whole job: its end ends it.
func Start(ctx context.Context, opt Options) (*Engine, error) {
	e := &Engine{opt: opt}
	if e.opt.Program == "" {
		var err error
		if e.opt.Program, err = os.Executable(); err != nil {
			return nil, err
		}
	}
	start, work := 2*time.Minute, time.Minute
	if opt.Patience > 0 {
		start, work = opt.Patience, opt.Patience
	}
	if err := e.connect(ctx, start); err != nil {
		return nil, err
	}
	hello := request{Op: "hello", Program: e.opt.Program, Patience: int(work.Seconds())}
	_, err := e.ask(ctx, &hello, nil, start+work, func(a *answer) { e.hello = *a })
	if err == nil {
		err = e.fits()
	}
	if err != nil {
		e.Close()
		return nil, err
	}
	return e, nil
}

// connect gets a connection to a driver, and starts one if there is none.
func (e *Engine) connect(ctx context.Context, patience time.Duration) error {
	if path, ok := strings.CutPrefix(e.opt.Master, "unix:"); ok {
		conn, err := net.Dial("unix", path)
		if err != nil {
			return &Error{"the driver of Spark does not answer: " + err.Error(), "it runs paytriage itself: spark-submit driver.py paytriage analyze …"}
		}
		e.use(conn)
		return nil
	}
	if err := reachable(ctx, e.opt.Master); err != nil {
		return err
	}
	submit, err := findSubmit(ctx)
	if err != nil {
		return err
	}
	if e.child, err = startChild(submit, &e.opt); err != nil {
		return err
	}
	conn, err := e.child.accept(ctx, patience)
	if err != nil {
		e.Close()
		return err
	}
	e.use(conn)
	return nil
}

func (e *Engine) use(conn net.Conn) {
	e.conn, e.in, e.out = conn, bufio.NewReaderSize(conn, 1<<20), bufio.NewWriterSize(conn, 1<<20)
}

// fits checks the version of Spark.
func (e *Engine) fits() error {
	if older(e.hello.Spark, minVersion) {
		return &Error{"Spark " + e.hello.Spark + " is too old", "tested are " + Tested}
	}
	return nil
}

// older reports whether a version is before another, by its first two numbers.
func older(a, b string) bool {
	var x, y [2]int
	fmt.Sscanf(a, "%d.%d", &x[0], &x[1])
	fmt.Sscanf(b, "%d.%d", &y[0], &y[1])
	return slices.Compare(x[:], y[:]) < 0
}

// String says what the job runs on.
func (e *Engine) String() string {
	return fmt.Sprintf("Spark %s, %d workers, %d cores", e.hello.Spark, e.hello.Workers, e.hello.Cores)
}

// Put implements stage.Engine.
func (e *Engine) Put(ctx context.Context, name string, blocks []stage.Block) error {
	_, err := e.ask(ctx, &request{Op: "put", Name: name}, blocks, 0, nil)
	return err
}

// List implements stage.Store, with whatever file systems Spark was given.
func (e *Engine) List(ctx context.Context, pattern string) ([]stage.File, error) {
	found, err := e.ask(ctx, &request{Op: "list", URL: pattern}, nil, 0, nil)
	if err != nil {
		return nil, err
	}
	files := make([]stage.File, len(found))
	for i, b := range found {
		f := &files[i]
		if err := json.Unmarshal(b.Data, &[]any{&f.URL, &f.Size, &f.Modified}); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// ReadAt implements stage.Store.
func (e *Engine) ReadAt(ctx context.Context, url string, p []byte, off int64) error {
	found, err := e.ask(ctx, &request{Op: "read", URL: url, Offset: off, Size: len(p)}, nil, 0, nil)
	if err == nil && (len(found) != 1 || copy(p, found[0].Data) < len(p)) {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// Load implements stage.Store.
func (e *Engine) Load(ctx context.Context, name string, files []stage.Loaded) error {
	r := request{Op: "load", Name: name}
	var blocks []stage.Block
	for _, f := range files {
		r.URLs, blocks = append(r.URLs, f.URL), append(blocks, f.Block)
	}
	_, err := e.ask(ctx, &r, blocks, 0, nil)
	return err
}

// saveSize is how much of a file is sent to the driver at a time.
const saveSize = 4 << 20

// Save implements stage.Store.
func (e *Engine) Save(ctx context.Context, url string, r io.Reader) error {
	buf := make([]byte, saveSize)
	for {
		n, err := io.ReadFull(r, buf)
		last := err == io.EOF || err == io.ErrUnexpectedEOF
		if err != nil && !last {
			return err // the file is never ended, and so is none
		}
		if _, err := e.ask(ctx, &request{Op: "save", URL: url, Last: last}, []stage.Block{{Data: buf[:n]}}, 0, nil); err != nil || last {
			return err
		}
	}
}

// Drop implements stage.Engine. What a data set was made of stays as long as a
// lost part of another may have to be made again.
func (e *Engine) Drop(names ...string) error {
	_, err := e.ask(context.Background(), &request{Op: "drop", Names: names}, nil, time.Minute, nil)
	return err
}

// Run implements stage.Engine.
func (e *Engine) Run(ctx context.Context, r *stage.Request) ([]stage.Result, error) {
	ask := request{Op: "run", Stage: r.Stage, In: r.In, Out: r.Out, Keys: r.Keys}
	found, err := e.ask(ctx, &ask, []stage.Block{{Data: r.Config}}, 0, func(a *answer) {
		if a.Progress != nil && e.opt.Progress != nil {
			a.Progress.Stage = r.Stage
			e.opt.Progress(*a.Progress)
		}
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(found, func(a, b stage.Block) int { return cmp.Compare(a.Key, b.Key) })
	for i := 1; i < len(found); i++ {
		if found[i].Key == found[i-1].Key {
			return nil, fmt.Errorf("stage %s: two results for key %d", r.Stage, found[i].Key)
		}
	}
	return found, nil
}

// Close implements stage.Engine.
func (e *Engine) Close() error {
	if e.closed {
		return nil
	}
	e.closed = true
	if e.conn != nil {
		// The driver ends by itself when the connection does; it is told so that it
		// does not wait for the rest of a request.
		e.conn.SetDeadline(time.Now().Add(time.Second))
		e.send(&request{Op: "close"}, nil)
		e.conn.Close()
	}
	if e.child != nil {
		patience := time.Duration(0)
		if e.conn != nil {
			patience = 15 * time.Second // it removes what it left on the workers
		}
		e.child.end(patience)
	}
	return nil
}

// ask sends a request and waits for its answer; say is told all that comes. A
// limit of 0 is none.
func (e *Engine) ask(ctx context.Context, r *request, blocks []stage.Block, limit time.Duration, say func(*answer)) ([]stage.Block, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil, errors.New("the job of Spark has ended")
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var deadline time.Time
	if limit > 0 {
		deadline = time.Now().Add(limit)
	}
	e.conn.SetDeadline(deadline)
	// The end of the context ends reading and writing at once.
	var once sync.Once
	stop := context.AfterFunc(ctx, func() { once.Do(func() { e.conn.SetDeadline(time.Unix(1, 0)) }) })
	defer stop()
	found, err := e.exchange(r, blocks, say)
	var told *Error
	if err == nil || errors.As(err, &told) {
		return found, err
	}
	e.Close() // half an answer may be on its way: there is no going on
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, e.because(fmt.Sprintf("Spark did not answer within %s", limit), "")
	}
	return nil, e.because("the driver of Spark ended", "")
}

// exchange sends a request and reads up to the last answer.
func (e *Engine) exchange(r *request, blocks []stage.Block, say func(*answer)) ([]stage.Block, error) {
	if err := e.send(r, blocks); err != nil {
		return nil, err
	}
	for {
		a, found, err := e.receive()
		if err != nil {
			return nil, err
		}
		if a.Error != "" {
			return nil, e.told(r, a)
		}
		if say != nil {
			say(a)
		}
		if a.OK {
			return found, nil
		}
	}
}

// doneSet is the data set of the last frame of a message.
const doneSet = 1<<32 - 1

func (e *Engine) send(r *request, blocks []stage.Block) error {
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	e.out.Write(append(line, '\n'))
	for _, b := range blocks {
		if err := stage.WriteFrame(e.out, 0, b.Key, b.Data); err != nil {
			return err
		}
	}
	if err := stage.WriteFrame(e.out, doneSet, 0, nil); err != nil {
		return err
	}
	return e.out.Flush()
}

func (e *Engine) receive() (*answer, []stage.Block, error) {
	line, err := e.in.ReadBytes('\n')
	if err != nil {
		return nil, nil, err
	}
	a := &answer{}
	if err := json.Unmarshal(line, a); err != nil {
		return nil, nil, err
	}
	var found []stage.Block
	for {
		set, key, data, err := stage.ReadFrame(e.in)
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, nil, err
		}
		if set == doneSet {
			return a, found, nil
		}
		found = append(found, stage.Block{Key: key, Data: data})
	}
}

// told makes an error of what the driver said.
func (e *Engine) told(r *request, a *answer) error {
	switch a.Kind {
	case "stage":
		return &Error{fmt.Sprintf("stage %s failed on a worker, several times: %s", r.Stage, lastLines(a.Error, 5)),
			"see the log of the task in Spark's own pages; the same files without --engine say more"}
	case "lost":
		return &Error{fmt.Sprintf("Spark gave up stage %s after workers were lost: %s", r.Stage, lastLines(a.Error, 3)),
			"see why they ended (memory most often: --spark-conf spark.executor.memoryOverhead=4g, or fewer cores for each worker), then run it again"}
	case "name":
		return &Error{a.Error, "rename the file, or name its folder by a path that all workers see"}
	case "none":
		return &Error{a.Error, "start workers, or ask for less: --spark-conf spark.executor.memory=512m, --spark-conf spark.cores.max=2"}
	case "start":
		return e.because(a.Error, a.Kind)
	}
	if r.URL != "" {
		return unreached(r, a.Error)
	}
	return &Error{fmt.Sprintf("Spark could not run stage %s: %s", r.Stage, lastLines(a.Error, 3)), "see the log of Spark's driver"}
}

// unreached says why Spark does not come by a file.
func unreached(r *request, said string) error {
	does := "read"
	if r.Op == "save" {
		does = "write"
	}
	e := &Error{fmt.Sprintf("Spark does not %s %s: %s", does, r.URL, lastLines(said, 3)), "check the name, and that Spark may " + does + " it"}
	if strings.Contains(said, "No FileSystem for scheme") || strings.Contains(said, "ClassNotFoundException") || strings.Contains(said, "UnsupportedFileSystem") {
		e.Hint = "give Spark the connector, for example --spark-conf spark.jars.packages=org.apache.hadoop:hadoop-aws:3.4.1 for s3a://"
	}
	return e
}

// because adds to a problem what Spark wrote about it.
func (e *Engine) because(problem, kind string) error {
	text := problem
	if e.child != nil {
		text += "\n" + e.child.tail.text()
	}
	for _, h := range hints {
		if strings.Contains(text, h.sign) {
			return &Error{problem + ": " + h.what, h.hint}
		}
	}
	if e.child != nil {
		if last := e.child.tail.problem(); last != "" && !strings.Contains(problem, last) {
			problem += ": " + last
		}
	}
	hint := "see the log of Spark's driver; tested are Spark " + Tested
	if kind == "start" {
		hint = "check --master and the versions of Spark here and there; tested are " + Tested
	}
	return &Error{problem, hint}
}

// hints are what to do about what Spark writes in its own words.
var hints = []struct{ sign, what, hint string }{
	{"local class incompatible", "the master is of another version of Spark", "set SPARK_HOME to the version that the cluster has"},
	{"All masters are unresponsive", "the master did not answer", "is it a Spark master, of the same version as here? Port 7077, not 8080 or 8081"},
	{"PYTHON_VERSION_MISMATCH", "Python is of another version on the workers than here", "set PYSPARK_PYTHON to a Python that both have"},
	{"UnsupportedClassVersionError", "Java is too old for this version of Spark", "Spark 4 wants Java 17; set JAVA_HOME"},
	{"JAVA_HOME is not set", "there is no Java here", "install Java 17, or set JAVA_HOME"},
	{"java: not found", "there is no Java here", "install Java 17, or set JAVA_HOME"},
	{"No module named 'pyspark'", "the Python of the driver does not find pyspark", "set PYSPARK_PYTHON to one that does"},
}

// lastLines returns the last lines of a text that say something.
func lastLines(text string, n int) string {
	lines := strings.FieldsFunc(text, func(r rune) bool { return r == '\n' })
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
