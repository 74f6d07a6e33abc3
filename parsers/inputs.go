package parsers

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/paytriage/paytriage/forensics/event"
)

// An Input is one thing to read and what it is read as.
type Input struct {
	Name string // shown to people and written to the case
	Path string
	Role event.Role

	// Problem, if not "", says why the input cannot be read though it is there.
	// It is read as an input of no rows, and told of.
	Problem string

	spool *spool `wire:"-"` // what stands for the file at Path

	remote  *remote `wire:"-"` // where an engine reads it; Path is a URL
	content []byte  `wire:"-"` // its bytes, on a worker that an engine brought them to
}

// An InputError says which input is unusable and what to do about it.
type InputError struct {
	Name, Problem, Hint string
}

func (e *InputError) Error() string { return e.Name + ": " + e.Problem }

// Expand turns what was named on the command line into inputs: a file as it
// is, a folder as all regular files below it, a pattern as what it matches,
// and "-" as standard input, which is spooled because it is read twice. Names that begin with a dot are passed over in folders, and by
// patterns that do not ask for them. The result is in the order of names, so
// that the order of arguments is of no consequence; a file named twice, also
// by different ways to it, is an error.
func Expand(args []string, role event.Role, stdin Stdin) ([]Input, error) {
	var inputs []Input
	for _, arg := range args {
		found, err := expandOne(arg, role, stdin)
		if err != nil {
			Discard(inputs)
			return nil, err
		}
		inputs = append(inputs, found...)
	}
	slices.SortFunc(inputs, func(a, b Input) int { return strings.Compare(a.Name, b.Name) })
	if err := twice(inputs); err != nil {
		Discard(inputs)
		return nil, err
	}
	return inputs, nil
}

// twice returns an error if two inputs, which are in the order of names, are
// one file or both standard input.
func twice(inputs []Input) error {
	names := map[string]string{}
	for _, in := range inputs {
		path := in.Path
		if in.spool != nil {
			path = in.Name
		} else if real, err := filepath.EvalSymlinks(path); err == nil {
			path = real
		}
		if full, err := filepath.Abs(path); err == nil && in.spool == nil {
			path = full
		}
		name, again := names[path]
		switch {
		case again && name == in.Name:
			return &InputError{in.Name, "is named twice", "name each input once; its rows would count twice"}
		case again:
			return &InputError{in.Name, "is the same file as " + name, "name each input once; its rows would count twice"}
		}
		names[path] = in.Name
	}
	return nil
}

// Shorten names inputs by the last part of their paths where that is enough to
// tell them apart, so that a case does not depend on where its exports lay.
func Shorten(inputs []Input) {
	count := map[string]int{}
	for _, in := range inputs {
		count[filepath.Base(in.Name)]++
	}
	for i := range inputs {
		if base := filepath.Base(inputs[i].Name); count[base] == 1 {
			inputs[i].Name = base
		}
	}
}

// Discard removes what Expand spooled.
func Discard(inputs []Input) {
	for _, in := range inputs {
		if in.spool != nil {
			in.spool.discard()
		}
	}
}

func expandOne(arg string, role event.Role, stdin Stdin) ([]Input, error) {
	if arg == "-" {
		s, err := stdin.spool()
		if err != nil {
			return nil, fmt.Errorf("standard input: %w", err)
		}
		return []Input{{Name: "stdin", Path: s.file.Name(), Role: role, spool: s}}, nil
	}
	_, err := os.Stat(arg)
	if !errors.Is(err, fs.ErrNotExist) || !strings.ContainsAny(arg, "*?[") {
		return expandName(arg, role)
	}
	names, err := filepath.Glob(arg)
	names = slices.DeleteFunc(names, func(name string) bool { return hidden(name, arg) })
	if err != nil || len(names) == 0 {
		return nil, &InputError{arg, "matches no file", "quote patterns so that the shell leaves them alone, and check the folder"}
	}
	var inputs []Input
	for _, name := range names {
		more, err := expandName(name, role)
		if err != nil {
			return nil, err
		}
		inputs = append(inputs, more...)
	}
	return inputs, nil
}

// hidden reports whether a name that a pattern matches begins with a dot, in
// any of its parts, where the pattern does not.
func hidden(name, pattern string) bool {
	const sep = string(filepath.Separator)
	names, patterns := strings.Split(filepath.Clean(name), sep), strings.Split(filepath.Clean(pattern), sep)
	for i := 1; i <= min(len(names), len(patterns)); i++ {
		if strings.HasPrefix(names[len(names)-i], ".") && !strings.HasPrefix(patterns[len(patterns)-i], ".") {
			return true
		}
	}
	return false
}

// expandName is expandOne for the name of a file or folder.
func expandName(name string, role event.Role) ([]Input, error) {
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return nil, &InputError{name, reason(err), "check the name; folders and patterns such as 'logs/auth-*.csv.gz' work too"}
	case info.IsDir():
		return expandFolder(name, role)
	}
	return []Input{{Name: filepath.Clean(name), Path: filepath.Clean(name), Role: role}}, nil
}

func expandFolder(dir string, role event.Role) ([]Input, error) {
	var inputs []Input
	// With a separator behind it, a link to a folder is the folder.
	root := filepath.Clean(dir) + string(filepath.Separator)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil && path == root:
			return &InputError{path, reason(err), "make it readable, or name the files one by one"}
		case err != nil:
			inputs = append(inputs, Input{Name: filepath.Clean(path), Path: filepath.Clean(path), Role: role, Problem: "cannot be read: " + reason(err)})
		case path != root && strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return filepath.SkipDir
			}
		case !d.IsDir():
			inputs = append(inputs, Input{Name: filepath.Clean(path), Path: filepath.Clean(path), Role: role, Problem: problem(path)})
		}
		return nil
	})
	if err == nil && len(inputs) == 0 {
		err = &InputError{dir, "no files in this folder", "name the folder that holds the exports"}
	}
	return inputs, err
}

// problem says why what stands in a folder cannot be read as a file, "" if it
// can. Links to folders are not followed: they may lead round in a circle.
func problem(path string) string {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return "cannot be read: " + reason(err)
	case info.IsDir():
		return "is a link to a folder, which is not followed; name that folder itself"
	case !info.Mode().IsRegular():
		return "is not a regular file"
	}
	return ""
}

// stat asks what the file is.
func (in *Input) stat() (fs.FileInfo, error) {
	if in.spool != nil {
		return in.spool.file.Stat()
	}
	return os.Stat(in.Path)
}

// reason returns what went wrong without the path, which the caller shows.
func reason(err error) string {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err.Error()
	}
	return err.Error()
}
