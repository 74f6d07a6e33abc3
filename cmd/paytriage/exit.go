package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/paytriage/paytriage/cmd/paytriage/spark"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/parsers"
	"github.com/paytriage/paytriage/report"
	"github.com/paytriage/paytriage/report/console"
)

// errInterrupted says that a signal ended the run.
var errInterrupted = errors.New("interrupted")

// A usageError is a command line that cannot be meant.
type usageError struct{ problem, hint string }

func (e *usageError) Error() string { return e.problem }

// An incompleteError says that a run is done but for part of its input.
type incompleteError struct{ problem, hint string }

func (e *incompleteError) Error() string { return e.problem }

// A checkError is a check that was asked for and did not hold.
type checkError struct{ problem, hint string }

func (e *checkError) Error() string { return e.problem }

// A writtenError is what went wrong after the result was written: it stands.
type writtenError struct {
	error
	hint string
}

func (e *writtenError) Unwrap() error { return e.error }

// stands reports whether the result of a run that ended with err was written.
func stands(err error) bool {
	var incomplete *incompleteError
	var written *writtenError
	return errors.As(err, &incomplete) || errors.As(err, &written)
}

// A hintError adds what to do next to an error.
type hintError struct {
	error
	hint string
}

func (e *hintError) Unwrap() error { return e.error }

// exitCode is the one place where errors become exit codes.
func exitCode(err error) int {
	var usage *usageError
	var incomplete *incompleteError
	var check *checkError
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errInterrupted):
		return 130
	case errors.As(err, &usage):
		return 2
	case errors.As(err, &check):
		return 4
	case errors.As(err, &incomplete):
		return 3
	}
	return 1
}

// complain tells a person what went wrong and what to do next.
func complain(std streams, err error) {
	if err == nil {
		return
	}
	text, word := err.Error(), "error"
	var incomplete *incompleteError
	switch {
	case errors.Is(err, errInterrupted):
		text = "interrupted; nothing was written"
	case errors.As(err, &incomplete):
		word = "warning"
	}
	fmt.Fprintf(std.err, "paytriage: %s: %s\n", word, console.Clean(oneLine(text)))
	if h := hint(err); h != "" {
		fmt.Fprintf(std.err, "paytriage: hint: %s\n", console.Clean(h))
	}
}

// oneLine joins the lines of an error of several.
func oneLine(text string) string {
	var parts []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			parts = append(parts, line)
		}
	}
	return strings.ReplaceAll(strings.Join(parts, "; "), ":;", ":")
}

// hint returns what to do about an error, or "".
func hint(err error) string {
	var (
		usage      *usageError
		incomplete *incompleteError
		check      *checkError
		written    *writtenError
		withHint   *hintError
		input      *parsers.InputError
		header     *parsers.HeaderError
		zone       *parsers.ZoneError
		unknown    *parsers.UnknownError
		currency   *parsers.CurrencyError
		open       *report.OpenError
		far        *spark.Error
		changed    *report.ChangedError
	)
	switch {
	case errors.Is(err, errInterrupted):
		return ""
	case errors.As(err, &usage):
		return usage.hint
	case errors.As(err, &incomplete):
		return incomplete.hint
	case errors.As(err, &check):
		return check.hint
	case errors.As(err, &written):
		return written.hint
	case errors.As(err, &withHint):
		return withHint.hint
	case errors.As(err, &far):
		return far.Hint
	case errors.As(err, &open):
		return open.Hint
	case errors.As(err, &changed):
		return "somebody changed it since it was written: take the folder from where it is whole, or make it again"
	case errors.As(err, &input):
		return input.Hint
	case errors.As(err, &header):
		return headerHint(header)
	case errors.As(err, &currency):
		return "say which with --currency, for example --currency JPY"
	case errors.As(err, &unknown):
		return "'paytriage inspect " + unknown.Source + "' shows what it looks like; --profile says what it is"
	case errors.Is(err, money.ErrOverflow):
		return "no money has such amounts: 'paytriage inspect' shows in which unit they are read; --exclude leaves rows out"
	case errors.As(err, &zone):
		return "say where its clock stood, for example --tz Asia/Tokyo or --tz " + zone.Role.String() + "=Asia/Tokyo"
	}
	return systemHint(err)
}

// systemHint returns what to do where the system refused something.
func systemHint(err error) string {
	var path *fs.PathError
	var link *os.LinkError
	var call *os.SyscallError
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "make room there, or choose another place: --out for results, --tmp-dir for temporary files; --memory lets more stay in memory"
	case errors.Is(err, syscall.EIO):
		return "the disk or the network below it failed: check it, or choose another place, and run again"
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return "have it allowed, or choose another place, and run again"
	case errors.Is(err, fs.ErrNotExist):
		return "check the name; if it was there a moment ago, something else works in that folder: stop that, and run again"
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return "too many files are open: raise the limit ('ulimit -n'), and run again"
	case errors.As(err, &path), errors.As(err, &link), errors.As(err, &call):
		return "see what stands there and whether it can be written, and run again"
	}
	return ""
}

// headerHint returns what to do about a file that is not of the schema.
func headerHint(e *parsers.HeaderError) string {
	switch {
	case e.Problem != "":
		return "the first line names the columns; 'paytriage schema input' lists them"
	case slices.Equal(e.Missing, []string{event.CurrencyCode.String()}):
		return "say which with --currency, for example --currency JPY"
	}
	return "the columns are those of 'paytriage schema input'; rename them, or describe the export: 'paytriage inspect --draft-profile mine.yaml " + e.Source + "'"
}
