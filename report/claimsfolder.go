package report

import (
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/paytriage/paytriage/forensics/claims"
	"github.com/paytriage/paytriage/forensics/ledger"
	"github.com/paytriage/paytriage/report/atomicfile"
	"github.com/paytriage/paytriage/report/csvfile"
)

// A ClaimsFolder is a folder with what became of claims, that is being written.
type ClaimsFolder struct {
	folder     *atomicfile.Folder
	caseFolder string
}

// OpenClaims makes sure that what becomes of claims can be written to dir, and
// keeps other runs out of it until Write or Discard. Nothing is written into the
// case, and no folder is replaced that holds something else, or one of the files
// that are read.
func OpenClaims(dir, caseFolder string, force bool, files []string) (*ClaimsFolder, error) {
	if within(caseFolder, dir) {
		return nil, &OpenError{fmt.Errorf("%s: lies in the case %s, and nothing is written into a finished case", dir, caseFolder), "choose another folder with --out"}
	}
	for _, in := range append([]string{caseFolder}, files...) {
		if within(dir, in) {
			return nil, &OpenError{fmt.Errorf("%s: holds the input %s", dir, in), "choose another folder with --out"}
		}
	}
	f, err := atomicfile.OpenFolder(dir, atomicfile.FolderOptions{Force: force, Known: func(name string) bool {
		base, ok := strings.CutSuffix(name, ".csv")
		return ok && slices.Contains([]string{ClaimsSchema.Name, RecognisedSchema.Name, DecisionsSchema.Name, ClaimRejectsSchema.Name}, base)
	}})
	if err != nil {
		return nil, &OpenError{err, openHint(err)}
	}
	return &ClaimsFolder{f, caseFolder}, nil
}

// Discard gives up. It does nothing after Write.
func (f *ClaimsFolder) Discard() { f.folder.Discard() }

// Write writes the tables and puts the folder in its place.
func (f *ClaimsFolder) Write(r *claims.Result, rejected []claims.Rejected, decisions []ledger.Decision, inputs []Input, command []string) error {
	tables, err := ClaimsTables(r, rejected, decisions)
	if err != nil {
		return err
	}
	was, err := ReadManifest(f.caseFolder)
	if err != nil {
		return err
	}
	m := emptyManifest(command)
	m.PolicyHash, m.Inputs = was.PolicyHash, append(slices.Clone(inputs), was.Inputs...)
	for _, t := range tables {
		name := t.Schema().Name + ".csv"
		size, sum, err := f.file(name, func(w io.Writer) error { return csvfile.Write(w, t) })
		if err != nil {
			return err
		}
		rows := t.CanonicalHash()
		m.Outputs = append(m.Outputs, File{name, size, hex.EncodeToString(sum[:]), int64(t.Rows()), hex.EncodeToString(rows[:])})
	}
	if _, _, err := f.file(atomicfile.Manifest, func(w io.Writer) error { return WriteJSON(w, m) }); err != nil {
		return err
	}
	return f.folder.Commit()
}

func (f *ClaimsFolder) file(name string, write func(io.Writer) error) (size int64, sum [32]byte, err error) {
	out, err := f.folder.Create(name)
	if err != nil {
		return 0, sum, err
	}
	defer out.Discard()
	if err := write(out); err != nil {
		return 0, sum, fmt.Errorf("%s: %w", name, err)
	}
	if size, sum, err = out.Commit(); err != nil {
		return 0, sum, fmt.Errorf("%s: %w", name, err)
	}
	return size, sum, nil
}
