package report

import (
	"errors"

	"github.com/paytriage/paytriage/report/atomicfile"
)

// openHint returns what to do about a folder that cannot be written.
func openHint(err error) string {
	switch {
	case errors.Is(err, atomicfile.ErrFinished):
		return "choose another folder with --out, or replace it as a whole with --force"
	case errors.Is(err, atomicfile.ErrLocked):
		return "wait for the other run, or choose another folder with --out"
	case errors.Is(err, atomicfile.ErrForeign):
		return "nothing that paytriage did not write is ever removed; choose another folder with --out"
	}
	return "choose another folder with --out"
}
