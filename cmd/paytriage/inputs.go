package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/stage"
	"github.com/paytriage/paytriage/parsers"
)

// named is what the flags name: files, which can be looked at before anything
// is read, and streams, which can be read only once.
type named struct {
	files   []parsers.Input
	streams []stream
	urls    []stream // which an engine reads
}

// A stream is standard input, a named pipe, or what a shell puts in the place of
// <(command).
type stream struct {
	arg  string
	role event.Role
}

// expand finds what the flags name. Nothing is read.
func (o *analyzeOptions) expand() (*named, error) {
	n := &named{}
	for _, g := range []struct {
		args []string
		role event.Role
	}{{o.auth, event.Auth}, {o.payments, event.Payments}, {o.history, event.History}} {
		if err := n.add(g.args, g.role); err != nil {
			return nil, err
		}
	}
	return n, distinct(n.files)
}

// add finds what arguments name.
func (n *named) add(args []string, role event.Role) error {
	var files []string
	for _, a := range args {
		switch {
		case stage.IsURL(a):
			n.urls = append(n.urls, stream{a, role})
		case !isStream(a):
			files = append(files, a)
		case slices.ContainsFunc(n.streams, func(s stream) bool { return s.arg == a }):
			return &parsers.InputError{Name: a, Problem: "is named twice", Hint: "it can be read only once"}
		default:
			n.streams = append(n.streams, stream{a, role})
		}
	}
	in, err := parsers.Expand(files, role, parsers.Stdin{})
	n.files = append(n.files, in...)
	return err
}

func isStream(arg string) bool {
	if arg == "-" {
		return true
	}
	info, err := os.Stat(arg)
	return err == nil && !info.IsDir() && !info.Mode().IsRegular()
}

// distinct refuses a file that is named twice, be it by two names.
func distinct(files []parsers.Input) error {
	seen := map[string]string{}
	for _, in := range files {
		path, err := in.Path, error(nil)
		if !stage.IsURL(path) {
			if path, err = filepath.Abs(in.Path); err == nil {
				path, err = filepath.EvalSymlinks(path)
			}
		}
		if err != nil {
			continue // reading it says why
		}
		if other, ok := seen[path]; ok {
			return &parsers.InputError{Name: in.Name, Problem: "is the same file as " + other,
				Hint: "name each input once, and in one role; its rows would count twice"}
		}
		seen[path] = in.Name
	}
	return nil
}

// paths returns where the files stand.
func (n *named) paths() []string {
	var all []string
	for _, in := range n.files {
		all = append(all, in.Path)
	}
	return all
}

// read spools the streams and returns all inputs, in an order that does not
// depend on that of the flags. Whoever waits for a stream may interrupt. What
// was spooled goes with parsers.Discard. URLs are for an engine to find, which is nil
// where there is none.
func (n *named) read(ctx context.Context, stdin io.Reader, bar *progress, engine stage.Engine) ([]parsers.Input, error) {
	all := slices.Clone(n.files)
	for _, u := range n.urls {
		store, ok := engine.(stage.Store)
		if !ok {
			return nil, &usageError{u.arg + " is a URL, which only an engine reads", "use 'paytriage analyze --engine spark --master URL', or copy the files here and name the copies"}
		}
		in, err := parsers.ExpandURLs(ctx, store, []string{u.arg}, u.role)
		if err != nil {
			return nil, err
		}
		all = append(all, in...)
	}
	if err := distinct(all); err != nil {
		return nil, err
	}
	for _, s := range n.streams {
		bar.begin("receiving "+s.name(), unknown, inBytes)
		r := interruptible(ctx, func() (io.ReadCloser, error) {
			if s.arg == "-" {
				return io.NopCloser(stdin), nil
			}
			return os.Open(s.arg)
		})
		in, err := parsers.Expand([]string{"-"}, s.role, parsers.Stdin{From: &counter{r, bar.add}, Named: engine != nil})
		if err != nil {
			parsers.Discard(all)
			return nil, err
		}
		in[0].Name = s.name()
		all = append(all, in...)
	}
	slices.SortStableFunc(all, func(a, b parsers.Input) int {
		if a.Role != b.Role {
			return int(a.Role) - int(b.Role)
		}
		return strings.Compare(a.Name, b.Name)
	})
	parsers.Shorten(all)
	return all, nil
}

// name is what a case calls a stream.
func (s *stream) name() string {
	if s.arg == "-" {
		return "stdin"
	}
	if fd, ok := strings.CutPrefix(s.arg, "/dev/fd/"); ok {
		return "pipe-" + fd
	}
	return filepath.Clean(s.arg)
}

// interruptible returns a reader that gives up when ctx is done, though what it
// reads from never ends.
func interruptible(ctx context.Context, open func() (io.ReadCloser, error)) io.Reader {
	pr, pw := io.Pipe()
	stop := context.AfterFunc(ctx, func() { pw.CloseWithError(ctx.Err()) })
	go func() {
		defer stop()
		r, err := open()
		if err == nil {
			_, err = io.Copy(pw, r)
			r.Close()
		}
		pw.CloseWithError(err)
	}()
	return pr
}

// A counter tells how much is read through it.
type counter struct {
	r    io.Reader
	note func(int64)
}

func (c *counter) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.note(int64(n))
	return n, err
}
