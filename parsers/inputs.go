package parsers

import (
	"errors"
	"fmt"
	"io"
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

	temporary bool // Path is a spool of ours
}

// An InputError says which input is unusable and what to do about it.
type InputError struct {
	Name, Problem, Hint string
}

func (e *InputError) Error() string { return e.Name + ": " + e.Problem }

// Expand turns what was named on the command line into inputs: a file as it
// is, a folder as all regular files below it, a pattern as what it matches,
// and "-" as standard input, which is spooled to a file in tempDir because it
// is read twice. Names that begin with a dot are passed over in folders. The
// result is in the order of names, so that the order of arguments is of no
// consequence; a file named twice is an error.
func Expand(args []string, role event.Role, stdin io.Reader, tempDir string) ([]Input, error) {
	var inputs []Input
	for _, arg := range args {
		found, err := expandOne(arg, role, stdin, tempDir)
		if err != nil {
			Discard(inputs)
			return nil, err
		}
		inputs = append(inputs, found...)
	}
	slices.SortFunc(inputs, func(a, b Input) int { return strings.Compare(a.Name, b.Name) })
	for i := 1; i < len(inputs); i++ {
		if inputs[i].Path == inputs[i-1].Path {
			Discard(inputs)
			return nil, &InputError{inputs[i].Name, "is named twice", "name each file once; its rows would count twice"}
		}
	}
	return inputs, nil
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
		if in.temporary {
			os.Remove(in.Path)
		}
	}
}

func expandOne(arg string, role event.Role, stdin io.Reader, tempDir string) ([]Input, error) {
	if arg == "-" {
		in, err := spool(role, stdin, tempDir)
		return []Input{in}, err
	}
	info, err := os.Stat(arg)
	switch {
	case err == nil && info.IsDir():
		return expandFolder(arg, role)
	case err == nil:
		return []Input{{Name: filepath.Clean(arg), Path: filepath.Clean(arg), Role: role}}, nil
	case !errors.Is(err, fs.ErrNotExist) || !strings.ContainsAny(arg, "*?["):
		return nil, &InputError{arg, reason(err), "check the name; folders and patterns such as 'logs/auth-*.csv.gz' work too"}
	}
	names, err := filepath.Glob(arg)
	if err != nil || len(names) == 0 {
		return nil, &InputError{arg, "matches no file", "quote patterns so that the shell leaves them alone, and check the folder"}
	}
	var inputs []Input
	for _, name := range names {
		more, err := expandOne(name, role, nil, "")
		if err != nil {
			return nil, err
		}
		inputs = append(inputs, more...)
	}
	return inputs, nil
}

func expandFolder(dir string, role event.Role) ([]Input, error) {
	var inputs []Input
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return &InputError{path, reason(err), "make it readable, or name the files one by one"}
		case path != dir && strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return filepath.SkipDir
			}
		case d.Type().IsRegular(), d.Type()&fs.ModeSymlink != 0 && isRegular(path):
			inputs = append(inputs, Input{Name: filepath.Clean(path), Path: filepath.Clean(path), Role: role})
		}
		return nil
	})
	if err == nil && len(inputs) == 0 {
		err = &InputError{dir, "no files in this folder", "name the folder that holds the exports"}
	}
	return inputs, err
}

func isRegular(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// spool copies standard input to a file that only its owner can read.
func spool(role event.Role, stdin io.Reader, tempDir string) (Input, error) {
	in := Input{Name: "stdin", Role: role, temporary: true}
	f, err := os.CreateTemp(tempDir, "paytriage-stdin-*")
	if err != nil {
		return in, fmt.Errorf("standard input: %w", err)
	}
	in.Path = f.Name()
	_, err = io.Copy(f, stdin)
	if err = errors.Join(err, f.Close()); err != nil {
		os.Remove(in.Path)
		return in, fmt.Errorf("standard input: %w", err)
	}
	return in, nil
}

// reason returns what went wrong without the path, which the caller shows.
func reason(err error) string {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err.Error()
	}
	return err.Error()
}
