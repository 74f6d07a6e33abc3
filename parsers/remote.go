package parsers

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"time"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/stage"
)

// A logFile is what a source reads: one of this machine, one that an engine has, or
// one that an engine brought.
type logFile interface {
	io.Reader
	io.ReaderAt
	io.Closer
	Stat() (fs.FileInfo, error)
}

// sameFile reports whether two are one file that nobody changed.
func sameFile(a, b fs.FileInfo) bool {
	x, far := a.(*farInfo)
	y, too := b.(*farInfo)
	if far || too {
		return far && too && *x == *y
	}
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// ExpandURLs is Expand for URLs, which an engine finds. That none is named twice is
// for the caller to see.
func ExpandURLs(ctx context.Context, store stage.Store, args []string, role event.Role) ([]Input, error) {
	var inputs []Input
	for _, arg := range args {
		found, err := store.List(ctx, arg)
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return nil, &InputError{arg, "matches no file", "quote patterns so that the shell leaves them alone, and check the folder"}
		}
		for _, f := range found {
			inputs = append(inputs, Input{Name: f.URL, Path: f.URL, Role: role, remote: &remote{store, f}})
		}
	}
	return inputs, nil
}

// remote is a file that only an engine reads.
type remote struct {
	store stage.Store
	file  stage.File
}

// maxRemote is how long a file may be that an engine brings to a worker: it is one
// block there.
const maxRemote = stage.MaxBlock - 1<<20

// open opens a file for the driver, which reads its head and the rows that are
// reported.
func (r *remote) open(name string) (logFile, error) {
	if r.file.Size > maxRemote {
		return nil, &InputError{name, fmt.Sprintf("has %d bytes; the most that an engine brings to a worker is %d", r.file.Size, int64(maxRemote)), "split it, best into parts of 64 to 256 MiB"}
	}
	return &remoteFile{remote: r}, nil
}

// A remoteFile reads ahead: each call of an engine costs some milliseconds.
type remoteFile struct {
	*remote
	at     int64 // of Read
	ahead  []byte
	behind int64 // where ahead begins
}

const (
	leastAhead = 64 << 10
	mostAhead  = 4 << 20
)

func (f *remoteFile) Read(p []byte) (int, error) {
	n, err := f.ReadAt(p, f.at)
	if f.at += int64(n); n > 0 {
		err = nil
	}
	return n, err
}

func (f *remoteFile) ReadAt(p []byte, off int64) (n int, err error) {
	for n < len(p) {
		at := off + int64(n)
		if at >= f.file.Size {
			return n, io.EOF
		}
		if within := at - f.behind; within < 0 || within >= int64(len(f.ahead)) {
			if err := f.fetch(at); err != nil {
				return n, err
			}
		}
		n += copy(p[n:], f.ahead[at-f.behind:])
	}
	return n, nil
}

// fetch reads what stands at off, more of it each time that one reads on.
func (f *remoteFile) fetch(off int64) error {
	want := leastAhead
	if len(f.ahead) > 0 && off == f.behind+int64(len(f.ahead)) {
		want = min(2*len(f.ahead), mostAhead)
	}
	ahead := make([]byte, min(int64(want), f.file.Size-off))
	if err := f.store.ReadAt(context.Background(), f.file.URL, ahead, off); err != nil {
		return err
	}
	f.ahead, f.behind = ahead, off
	return nil
}

func (f *remoteFile) Close() error { return nil }

// Stat asks the engine: a file in an object store is replaced as a whole.
func (f *remoteFile) Stat() (fs.FileInfo, error) {
	now, err := f.store.List(context.Background(), f.file.URL)
	if err != nil {
		return nil, err
	}
	if len(now) != 1 || now[0].URL != f.file.URL {
		return nil, fs.ErrNotExist
	}
	return &farInfo{now[0]}, nil
}

// farInfo is what is known of a file of an engine.
type farInfo struct{ file stage.File }

func (i *farInfo) Name() string       { return path.Base(i.file.URL) }
func (i *farInfo) Size() int64        { return i.file.Size }
func (i *farInfo) Mode() fs.FileMode  { return 0 }
func (i *farInfo) ModTime() time.Time { return time.UnixMilli(i.file.Modified) }
func (i *farInfo) IsDir() bool        { return false }
func (i *farInfo) Sys() any           { return nil }

// A brought is a file that an engine brought to a worker.
type brought struct {
	bytes.Reader
	info farInfo
}

func (b *brought) Close() error               { return nil }
func (b *brought) Stat() (fs.FileInfo, error) { return &b.info, nil }

// bring returns an input whose bytes are at hand.
func (in *Input) bring(content []byte, f stage.File) error {
	if int64(len(content)) != f.Size {
		return &InputError{in.Name, "changed while it was read", "run again when nothing writes to it any more"}
	}
	in.content, in.remote = content, &remote{file: f}
	return nil
}

// broughtFile opens what bring brought.
func (in *Input) broughtFile() logFile {
	b := &brought{info: farInfo{in.remote.file}}
	b.Reset(in.content)
	return b
}
