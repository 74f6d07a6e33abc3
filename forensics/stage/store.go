package stage

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A Store is an Engine that reads and writes files where only it can: by URL, in an object
// store or a file system of the cluster. The driver sees their names, their sizes
// and any bytes that it asks for; all of a file is read by the worker that has it.
type Store interface {
	Engine
	// List returns the files that a URL names: one, all below a folder, or those
	// that a pattern matches; none is no error.
	List(ctx context.Context, pattern string) ([]File, error)
	// ReadAt fills p with the bytes of a file at off. Less than all of p is an error.
	// List and ReadAt may be called by several goroutines at once.
	ReadAt(ctx context.Context, url string, p []byte, off int64) error
	// Load makes a data set of files. The block of each is what is given, and behind
	// it the bytes of the file. It is read by one Run and need not be kept.
	Load(ctx context.Context, name string, files []Loaded) error
	// Save writes a new file and the folders that it is in. One that is there already
	// is an error. What was begun and failed is no file, or not a whole one.
	Save(ctx context.Context, url string, r io.Reader) error
}

// A File is what a Store knows of a file.
type File struct {
	URL      string
	Size     int64
	Modified int64 // milliseconds since 1970
}

// A Loaded is a file for a key, with what its block begins with.
type Loaded struct {
	Block
	URL string
}

// IsURL reports whether an argument names something in a Store.
func IsURL(arg string) bool {
	scheme, _, ok := strings.Cut(arg, "://")
	return ok && len(scheme) > 1 && !strings.ContainsAny(scheme, `/\*?[`)
}

// hidden reports whether a file in a folder is none of the logs, by the rule of
// Hadoop: writers leave _SUCCESS and the like.
func hidden(name string) bool { return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") }

// local returns the path of a file:// URL, which is all that a Local has.
func local(at string) (string, error) {
	u, err := url.Parse(at)
	if err != nil || u.Scheme != "file" || u.Host != "" {
		return "", fmt.Errorf("%s: this engine reads file:///… and nothing else", at)
	}
	return u.Path, nil
}

// List implements Store.
func (e *Local) List(_ context.Context, pattern string) ([]File, error) {
	path, err := local(pattern)
	if err != nil {
		return nil, err
	}
	names, err := filepath.Glob(path)
	if err != nil {
		return nil, err
	}
	var all []File
	for _, name := range names {
		err := filepath.WalkDir(name, func(path string, d os.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case path != name && hidden(d.Name()) && d.IsDir():
				return filepath.SkipDir
			case d.IsDir() || path != name && hidden(d.Name()):
				return nil
			}
			info, err := os.Stat(path)
			if err == nil && info.Mode().IsRegular() {
				all = append(all, File{"file:" + path, info.Size(), info.ModTime().UnixMilli()})
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// ReadAt implements Store.
func (e *Local) ReadAt(_ context.Context, at string, p []byte, off int64) error {
	path, err := local(at)
	if err != nil {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.ReadFull(io.NewSectionReader(f, off, int64(len(p))), p)
	return err
}

// Load implements Store.
func (e *Local) Load(_ context.Context, name string, files []Loaded) error {
	var blocks []Block
	for _, f := range files {
		path, err := local(f.URL)
		if err != nil {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		blocks = append(blocks, Block{f.Key, slices.Concat(f.Data, content)})
	}
	e.sets[name] = blocks
	return nil
}

// Save implements Store.
func (e *Local) Save(_ context.Context, at string, r io.Reader) error {
	path, err := local(at)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if _, err := io.Copy(f, r); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
