package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Manifest is the name of the file that makes a folder a finished one. It is
// written last.
const Manifest = "manifest.json"

// Errors of OpenFolder and Commit. Each comes wrapped in one that names the
// folder.
var (
	// ErrLocked: another run is writing the same folder.
	ErrLocked = errors.New("another run is writing this folder")
	// ErrFinished: the folder is finished and Force is not set.
	ErrFinished = errors.New("is finished (it has a " + Manifest + ") and is not overwritten")
	// ErrForeign: the folder, or its place, holds something that no run put
	// there, and that is never removed.
	ErrForeign = errors.New("holds files that are not of a case")
)

// FolderOptions say what OpenFolder may replace.
type FolderOptions struct {
	// Force allows a finished folder to be replaced.
	Force bool
	// Known reports whether a name in an existing folder is of a file that a
	// run writes, and that may go with the folder. Nil knows nothing in an
	// unfinished folder and everything in a finished one.
	Known func(name string) bool
}

// A Folder is one that is being written. Its files are created in a hidden
// folder beside its place; Commit puts that in its place as a whole. Create may
// be called by several goroutines, the rest by one.
type Folder struct {
	final   string // absolute, without links
	options FolderOptions
	lock    *os.File
	done    bool

	// Set by tests.
	exchange func(a, b string) error // swaps two folders at once
	step     func(name string)       // called between the steps of Commit
}

// OpenFolder takes the lock on a folder, which keeps other runs out until Commit,
// Discard or the end of the process, clears away what killed runs left of it, and
// makes ready to write it anew. Folders above it are made as needed; if the path
// is a link to a folder, the folder is meant.
//
// What stands there may be replaced by Commit if it is an empty folder, an
// unfinished one (only files that Known knows, no manifest.json), or, with Force,
// a finished one. Anything else is refused: ErrLocked, ErrFinished, ErrForeign,
// and errors for a path that is a file, a mount point or the working folder,
// none of which can be exchanged.
func OpenFolder(final string, o FolderOptions) (*Folder, error) {
	path, err := resolve(final)
	if err != nil {
		return nil, err
	}
	f := &Folder{final: path, options: o, exchange: exchange, step: func(string) {}}
	if f.lock, err = takeLock(f.beside("lock")); err != nil {
		return nil, fmt.Errorf("%s: %w", final, err)
	}
	if err := f.prepare(); err != nil {
		f.unlock()
		return nil, err
	}
	return f, nil
}

// Sweep clears away what a killed run left of a folder, for a run that has nothing
// to write there. What a living run holds stays.
func Sweep(final string) error {
	path, err := filepath.Abs(final)
	if err != nil {
		return err
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	f := &Folder{final: path}
	if _, err := os.Lstat(f.beside("lock")); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	switch f.lock, err = takeLock(f.beside("lock")); {
	case errors.Is(err, ErrLocked):
		return nil
	case err != nil:
		return err
	}
	defer f.unlock()
	return f.restore()
}

// resolve returns the absolute path of a folder without links, and makes the
// folders above it.
func resolve(final string) (string, error) {
	if final == "" {
		return "", errors.New("a folder needs a name")
	}
	path, err := filepath.Abs(final)
	if err != nil {
		return "", fmt.Errorf("%s: %w", final, err)
	}
	parent := filepath.Dir(path)
	if parent == path {
		return "", fmt.Errorf("%s: cannot be replaced; name a folder in it", final)
	}
	if _, err := os.Lstat(path); err == nil {
		// There, or a link. A link to nothing is an error here.
		if path, err = filepath.EvalSymlinks(path); err != nil {
			return "", fmt.Errorf("%s: %w", final, err)
		}
		return path, nil
	}
	if err := Dir(parent); err != nil {
		return "", err
	}
	if parent, err = filepath.EvalSymlinks(parent); err != nil {
		return "", fmt.Errorf("%s: %w", final, err)
	}
	return filepath.Join(parent, filepath.Base(path)), nil
}

// beside returns the name of something of this folder that stands beside it.
func (f *Folder) beside(what string) string {
	dir, name := filepath.Split(f.final)
	return filepath.Join(dir, "."+name+tempPrefix+what)
}

// Path returns the folder in which the files stand until Commit.
func (f *Folder) Path() string { return f.beside("partial") }

// Final returns the absolute path at which the folder will stand.
func (f *Folder) Final() string { return f.final }

func (f *Folder) aside() string { return f.beside("old") }

// prepare clears leftovers away, looks at what stands at the place, and makes
// the folder to write in. The lock is held.
func (f *Folder) prepare() error {
	if err := f.restore(); err != nil {
		return err
	}
	if err := f.check(); err != nil {
		return err
	}
	if err := os.Mkdir(f.Path(), folderMode); err != nil {
		return err
	}
	return os.Chmod(f.Path(), folderMode)
}

// restore undoes what a killed run left. Where folders cannot be exchanged at
// once, a run may have died after the old folder was moved aside and before the
// new one stood in its place: then the old one goes back.
func (f *Folder) restore() error {
	if err := os.RemoveAll(f.Path()); err != nil {
		return err
	}
	if _, err := os.Lstat(f.aside()); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	switch _, err := os.Lstat(f.final); {
	case errors.Is(err, fs.ErrNotExist):
		if err := os.Rename(f.aside(), f.final); err != nil {
			return err
		}
		return syncFolder(filepath.Dir(f.final))
	case err != nil:
		return err
	}
	if _, err := os.Lstat(filepath.Join(f.final, Manifest)); err != nil {
		// Somebody made another folder here since. The old one may be the only
		// copy of a case.
		return fmt.Errorf("%s: %w; a killed run left the case that stood here at %s: move one of them",
			f.final, ErrForeign, f.aside())
	}
	return os.RemoveAll(f.aside())
}

// check says why what stands at the place must not be replaced.
func (f *Folder) check() error {
	info, err := os.Lstat(f.final)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("%s: is not a folder", f.final)
	}
	entries, err := os.ReadDir(f.final)
	if err != nil {
		return err
	}
	if err := f.checkEntries(entries); err != nil {
		return err
	}
	if here, err := os.Stat("."); err == nil && os.SameFile(here, info) {
		return fmt.Errorf("%s: is the working folder and cannot be replaced from within; run from the folder above it", f.final)
	}
	mount, err := isMount(f.final)
	if err != nil {
		return err
	}
	if mount {
		return fmt.Errorf("%s: is a mount point and cannot be replaced; name a folder in it", f.final)
	}
	return nil
}

func (f *Folder) checkEntries(entries []fs.DirEntry) error {
	finished := false
	for _, e := range entries {
		if e.Name() == Manifest {
			finished = true
		}
	}
	if finished && !f.options.Force {
		return fmt.Errorf("%s: %w", f.final, ErrFinished)
	}
	var foreign []string
	for _, e := range entries {
		name := e.Name()
		known := finished
		if f.options.Known != nil {
			known = f.options.Known(name)
		}
		if !known && name != Manifest && !isTemp(name) {
			foreign = append(foreign, name)
		}
	}
	if len(foreign) == 0 {
		return nil
	}
	const show = 3
	more := ""
	if len(foreign) > show {
		foreign, more = foreign[:show], fmt.Sprintf(" and %d more", len(foreign)-show)
	}
	return fmt.Errorf("%s: %w: %q%s", f.final, ErrForeign, foreign, more)
}

// Create starts a file of the folder, readable by its owner only. The name is a
// bare one. The file must be committed before the folder is.
func (f *Folder) Create(name string) (*File, error) {
	if f.done {
		return nil, fmt.Errorf("%s: %w", f.final, fs.ErrClosed)
	}
	if name == "" || name == "." || name == ".." || strings.ContainsAny(name, `/\`) || isTemp(name) {
		return nil, fmt.Errorf("%s: %q is not a name for a file in it", f.final, name)
	}
	return create(filepath.Join(f.Path(), name), fileMode)
}

// Commit puts the folder in its place, removes the one that stood there, and
// gives up the lock. There must be a manifest.json, and no file that was created
// and neither committed nor discarded.
//
// At every moment, a loss of power included, the place holds the whole old
// folder or the whole new one. Only where the system cannot exchange two folders
// at once (other than Linux, and some file systems) is it empty for the moment
// between two renames; a run that dies just there has the old one put back by
// the next OpenFolder.
//
// An error leaves the place as it was, and the folder open for Discard, unless
// it says that the new folder stands.
func (f *Folder) Commit() error {
	if f.done {
		return fmt.Errorf("%s: %w", f.final, fs.ErrClosed)
	}
	if err := f.complete(); err != nil {
		return err
	}
	// Looked at again: the lock keeps out other runs, but not people.
	if err := f.check(); err != nil {
		return err
	}
	if err := syncFolder(f.Path()); err != nil {
		return fmt.Errorf("%s: %w", f.final, err)
	}
	f.step("synced")
	if err := f.swap(); err != nil {
		return fmt.Errorf("%s: %w", f.final, err)
	}
	f.step("swapped")
	f.done = true
	defer f.unlock()
	if err := syncFolder(filepath.Dir(f.final)); err != nil {
		return fmt.Errorf("%s: the new folder stands, but may not outlive a loss of power: %w", f.final, err)
	}
	for _, old := range []string{f.Path(), f.aside()} {
		if err := os.RemoveAll(old); err != nil {
			return fmt.Errorf("%s: the new folder stands, but the old one could not be removed: %w", f.final, err)
		}
	}
	f.step("removed")
	return nil
}

// complete reports files that are not finished, and a missing manifest.
func (f *Folder) complete() error {
	entries, err := os.ReadDir(f.Path())
	if err != nil {
		return err
	}
	manifest := false
	for _, e := range entries {
		if isTemp(e.Name()) {
			return fmt.Errorf("%s: a file in it is not finished", f.final)
		}
		manifest = manifest || e.Name() == Manifest
	}
	if !manifest {
		return fmt.Errorf("%s: has no %s yet", f.final, Manifest)
	}
	return nil
}

// swap puts the new folder in its place. The old one, if there is one, is then
// at Path or aside.
func (f *Folder) swap() error {
	if _, err := os.Lstat(f.final); errors.Is(err, fs.ErrNotExist) {
		return os.Rename(f.Path(), f.final)
	}
	err := f.exchange(f.Path(), f.final)
	if !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	if err := os.Rename(f.final, f.aside()); err != nil {
		return err
	}
	f.step("moved aside")
	if err := os.Rename(f.Path(), f.final); err != nil {
		return errors.Join(err, os.Rename(f.aside(), f.final))
	}
	return nil
}

// Discard gives the folder up: what was written is removed, what stood at its
// place stays, the lock is given up. After Commit it does nothing.
func (f *Folder) Discard() error {
	if f.done {
		return nil
	}
	f.done = true
	defer f.unlock()
	return os.RemoveAll(f.Path())
}

// takeLock opens a lock file and locks it. The file goes when the lock is given
// up, so it may be gone, or another one, by the time that it is locked.
func takeLock(path string) (*os.File, error) {
	for {
		f, err := openLock(path)
		if err != nil {
			return nil, err
		}
		if err := lockFile(f); err != nil {
			f.Close()
			return nil, err
		}
		mine, err := f.Stat()
		if err != nil {
			f.Close()
			return nil, err
		}
		if there, err := os.Lstat(path); err == nil && os.SameFile(mine, there) {
			return f, nil
		}
		f.Close()
	}
}

// unlock gives the lock up. The file goes first, while nobody else can have
// locked it.
func (f *Folder) unlock() {
	os.Remove(f.lock.Name())
	f.lock.Close()
}
