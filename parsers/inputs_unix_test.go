//go:build unix

package parsers

import (
	"errors"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/paytriage/paytriage/forensics/event"
)

// TestExpandMeetsOddFiles has links and pipes about: a link to a file is that
// file, a link to a folder is followed where it is named and nowhere else, and
// pipes are not waited for. What cannot be read is named all the same, with
// why.
func TestExpandMeetsOddFiles(t *testing.T) {
	folder(t)
	err := errors.Join(os.Symlink("logs", "way"), os.Symlink("..", "other/up"), os.Symlink("self", "self"),
		os.Symlink("self", "other/loop"), os.Symlink("../one.csv", "other/link.csv"), os.Symlink("nowhere", "gone*"),
		syscall.Mkfifo("other/pipe", 0o600), syscall.Mkfifo("pipe", 0o600))
	if err != nil {
		t.Skip(err)
	}
	f := func(want string, args ...string) {
		t.Helper()
		if got := names(args...); got != want {
			t.Errorf("%q: %s, want %s", args, got, want)
		}
	}
	f("other/d.csv other/link.csv other/loop other/pipe other/up", "other")
	inputs, err := Expand([]string{"other"}, event.Auth, Stdin{})
	if err != nil || len(inputs) != 5 {
		t.Fatal(inputs, err)
	}
	for i, want := range []string{"", "", "cannot be read: no such file or directory", "is not a regular file",
		"is a link to a folder, which is not followed; name that folder itself"} {
		if inputs[i].Problem != want {
			t.Errorf("%s: %q, want %q", inputs[i].Name, inputs[i].Problem, want)
		}
	}
	f("way/a.csv way/b.csv way/deep/er/c.csv.gz", "way")
	f("way/a.csv way/b.csv way/deep/er/c.csv.gz", "w*y")
	f("error: other/link.csv: is the same file as one.csv", "other", "one.csv")
	f("error: way/a.csv: is the same file as logs/a.csv", "way", "logs")
	f("error: self: too many levels of symbolic links", "self")
	f("error: gone*: no such file or directory", "gone*") // a link to nowhere, and a pattern that is its own match

	done := make(chan error)
	go func() {
		inputs := []Input{{Name: "pipe", Path: "pipe", Role: event.Auth}}
		_, err := Load(t.Context(), inputs, yen())
		if n := TotalBytes(inputs); n != 0 {
			err = errors.New("a pipe has a size")
		}
		done <- err
	}()
	select {
	case err := <-done:
		if err == nil || err.Error() != "pipe: is not a regular file" {
			t.Errorf("error %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("waited for somebody to write to a pipe")
	}
}

func TestUnreadableFilesAndFolders(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("everything is readable here")
	}
	folder(t)
	if err := errors.Join(os.Chmod("one.csv", 0), os.Chmod("logs/deep", 0)); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod("logs/deep", 0o700)
	if got, want := names("logs"), "error: logs/deep: permission denied"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	_, err := Load(t.Context(), []Input{{Name: "one", Path: "one.csv", Role: event.Auth}}, yen())
	if err == nil || err.Error() != "one: permission denied" {
		t.Errorf("error %v", err)
	}
}
