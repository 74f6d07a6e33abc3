package report

import (
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/paytriage/paytriage/report/atomicfile"
	"github.com/paytriage/paytriage/report/csvfile"
	"github.com/paytriage/paytriage/report/table"
)

// A Bundle is a folder of results that is no case: of closeout, of requests to
// issuers, of notices. Like a case it appears whole or not at all, its manifest
// written last; unlike a case it may be drawn up again with Force at any time.
type Bundle struct {
	Kind    string // what the folder holds, a word for its manifest
	Force   bool
	Command []string
	Reads   []string // paths of inputs, which the folder must not hold
	Inputs  []Input  // for the manifest
	// Known reports whether a name is of a file that such a folder holds.
	Known func(name string) bool

	folder  *atomicfile.Folder
	outputs []File
}

// A bundleManifest names what a bundle was made from and consists of.
type bundleManifest struct {
	SchemaVersion int      `json:"schema_version"`
	Tool          string   `json:"tool"`
	Version       string   `json:"version"`
	Kind          string   `json:"kind"`
	Command       []string `json:"command"`
	Created       string   `json:"created"`
	Inputs        []Input  `json:"inputs"`
	Outputs       []File   `json:"outputs"`
}

// Open makes sure that the folder can be written, and keeps other runs out of it
// until Commit or Discard.
func (b *Bundle) Open(dir string) error {
	for _, in := range b.Reads {
		if within(dir, in) {
			return &OpenError{fmt.Errorf("%s: holds the input %s", dir, in), "choose another folder with --out"}
		}
	}
	f, err := atomicfile.OpenFolder(dir, atomicfile.FolderOptions{Force: b.Force, Known: b.Known})
	if err != nil {
		return &OpenError{err, openHint(err)}
	}
	b.folder = f
	return nil
}

// Discard gives up. It does nothing after Commit.
func (b *Bundle) Discard() { b.folder.Discard() }

// Write writes one file.
func (b *Bundle) Write(name string, rows int, write func(io.Writer) error) error {
	out, err := b.folder.Create(name)
	if err != nil {
		return err
	}
	defer out.Discard()
	if err := write(out); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	size, sum, err := out.Commit()
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	b.outputs = append(b.outputs, File{Name: name, Bytes: size, SHA256: hex.EncodeToString(sum[:]), Rows: int64(rows)})
	return nil
}

// Table writes a table as CSV.
func (b *Bundle) Table(t *table.Table) error {
	return b.Write(t.Schema().Name+".csv", t.Rows(), func(w io.Writer) error { return csvfile.Write(w, t) })
}

// Path returns where the files stand before Commit, for reading them back.
func (b *Bundle) Path() string { return b.folder.Path() }

// Commit writes the manifest and puts the folder in its place.
func (b *Bundle) Commit() error {
	m := bundleManifest{SchemaVersion: SummaryVersion, Tool: "paytriage", Version: ToolVersion(), Kind: b.Kind, Command: b.Command,
		Created: time.Now().UTC().Format(time.RFC3339), Inputs: b.Inputs, Outputs: slices.Clone(b.outputs)}
	if m.Inputs == nil {
		m.Inputs = []Input{}
	}
	if err := b.Write(atomicfile.Manifest, 0, func(w io.Writer) error { return WriteJSON(w, m) }); err != nil {
		return err
	}
	return b.folder.Commit()
}
