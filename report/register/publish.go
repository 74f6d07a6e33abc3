package register

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"github.com/paytriage/paytriage/report/atomicfile"
)

// publishedManifest stands in every folder of payout files, written last.
const publishedManifest = atomicfile.Manifest

// A Stage is a folder within the ledger folder in which the files of the next
// export are written. They have no place outside before the export counts.
type Stage struct {
	Path string
	seq  int64
	keep bool
}

func (r *Register) stagePath(seq int64) string {
	return filepath.Join(r.dir, fmt.Sprintf(".export-%06d", seq))
}

// Stage makes the folder for the files of the next export. Files are put in it
// whole, by atomicfile.
func (r *Register) Stage() (*Stage, error) {
	s := &Stage{seq: r.book.Records + 1}
	s.Path = r.stagePath(s.seq)
	if err := os.Mkdir(s.Path, 0o700); err != nil {
		return nil, err
	}
	r.step("staging")
	return s, os.Chmod(s.Path, 0o700)
}

// Discard removes a stage whose export was not tried.
func (s *Stage) Discard() {
	if !s.keep {
		os.RemoveAll(s.Path)
	}
}

// Commit makes an export count and puts its files in their folder, with a
// manifest.json that names the record. An error before it counts leaves nothing;
// one after it says so, and the files follow when the register is opened next.
func (r *Register) Commit(s *Stage, e Export) (*Record, error) {
	if s.seq != r.book.Records+1 || s.keep {
		return nil, errors.New("register: files were staged for another export")
	}
	if err := checkStaged(s.Path, &e); err != nil {
		return nil, err
	}
	out, err := atomicfile.OpenFolder(e.Out, atomicfile.FolderOptions{})
	if err != nil {
		return nil, err
	}
	defer out.Discard()
	e.Out = out.Final()
	if err := atomicfile.Sync(r.dir); err != nil { // the stage is in it
		return nil, err
	}
	rec, err := r.append(Record{Export: &e})
	s.keep = r.tried // then the register says what they are
	if err != nil {
		return nil, err
	}
	if err := r.publish(rec, s.Path, out); err != nil {
		return rec, fmt.Errorf("export %d counts, but its files do not stand in %s yet: %w", rec.Seq, e.Out, err)
	}
	r.step("published")
	if err := r.clear(s.Path); err != nil {
		return rec, fmt.Errorf("export %d counts and its files stand in %s: %w", rec.Seq, e.Out, err)
	}
	r.step("cleared")
	return rec, nil
}

// clear removes a stage that has served, or never will. It is renamed first: a
// part of one must not be taken for one.
func (r *Register) clear(stage string) error {
	if err := os.Rename(stage, stage+doneSuffix); err != nil {
		return err
	}
	r.step("renamed")
	return os.RemoveAll(stage + doneSuffix)
}

// checkStaged compares the files of a stage with what an export names.
func checkStaged(dir string, e *Export) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	if len(entries) != len(e.Files) {
		return fmt.Errorf("%s: holds %d files and should hold %d", dir, len(entries), len(e.Files))
	}
	for _, f := range e.Files {
		if err := checkFile(filepath.Join(dir, f.Name), &f); err != nil {
			return err
		}
	}
	return nil
}

// checkFile compares a file with its size and hash.
func checkFile(path string, f *File) error {
	size, sum, err := HashFile(path)
	if err != nil {
		return err
	}
	if size != f.Bytes || sum != f.SHA256 {
		return fmt.Errorf("%s: is not the file that was written", path)
	}
	return nil
}

// HashFile returns the size and the SHA-256 of a file.
func HashFile(path string) (size int64, sum string, err error) {
	file, err := os.Open(path)
	if err != nil {
		return 0, "", err
	}
	defer file.Close()
	h := sha256.New()
	if size, err = io.Copy(h, file); err != nil {
		return 0, "", err
	}
	return size, hex.EncodeToString(h.Sum(nil)), nil
}

// A published is what the manifest of a folder of payout files says. It follows
// from the record alone.
type published struct {
	Tool   string    `json:"tool"`
	Kind   string    `json:"kind"`
	Record int64     `json:"register_record"`
	Hash   string    `json:"register_record_sha256"`
	Prev   string    `json:"register_previous_sha256"`
	At     time.Time `json:"at"`
	Draft  Draft     `json:"draft"`
	Count  int       `json:"entries"`
	Files  []File    `json:"files"`
}

func manifestOf(rec *Record) ([]byte, error) {
	e := rec.Export
	data, err := json.MarshalIndent(published{"paytriage", "payout", rec.Seq, rec.hash, rec.Prev, rec.At, e.Draft, rec.Rows, e.Files}, "", "  ")
	return append(data, '\n'), err
}

// publish copies the staged files to their folder and puts that in its place.
func (r *Register) publish(rec *Record, stage string, out *atomicfile.Folder) error {
	for _, f := range rec.Export.Files {
		if err := copyFile(filepath.Join(stage, f.Name), out, &f); err != nil {
			return err
		}
		r.step("copied")
	}
	manifest, err := manifestOf(rec)
	if err != nil {
		return err
	}
	w, err := out.Create(publishedManifest)
	if err != nil {
		return err
	}
	defer w.Discard()
	if _, err := w.Write(manifest); err != nil {
		return err
	}
	if _, _, err := w.Commit(); err != nil {
		return err
	}
	r.step("manifest")
	return out.Commit()
}

func copyFile(from string, out *atomicfile.Folder, f *File) error {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	w, err := out.Create(f.Name)
	if err != nil {
		return err
	}
	defer w.Discard()
	if _, err := io.Copy(w, src); err != nil {
		return err
	}
	size, sum, err := w.Commit()
	if err == nil && (size != f.Bytes || hex.EncodeToString(sum[:]) != f.SHA256) {
		err = fmt.Errorf("%s: is not the file that was written", from)
	}
	return err
}

const doneSuffix = ".done"

var stageName = regexp.MustCompile(`^\.export-([0-9]{6,18})(\.done)?$`)

// finishExports puts right what killed runs left: files of an export that does
// not count are removed, those of one that counts are put in their place.
func (r *Register) finishExports() error {
	entries, err := os.ReadDir(r.dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		m := stageName.FindStringSubmatch(entry.Name())
		if m == nil {
			continue
		}
		if m[2] != "" {
			if err := os.RemoveAll(filepath.Join(r.dir, entry.Name())); err != nil {
				return err
			}
			continue
		}
		seq, err := strconv.ParseInt(m[1], 10, 64)
		if err != nil {
			return err
		}
		stage := filepath.Join(r.dir, entry.Name())
		rec := r.book.exportRecord(seq)
		if rec != nil {
			if err := r.finish(rec, stage); err != nil {
				return fmt.Errorf("export %d counts, but its files do not stand in %s yet: %w; they wait in %s", seq, rec.Export.Out, err, stage)
			}
			r.Recovered = append(r.Recovered, fmt.Sprintf("put the files of export %d, which was interrupted, in %s: if they were taken from there before, do not use them again", seq, rec.Export.Out))
		} else {
			r.Recovered = append(r.Recovered, fmt.Sprintf("removed the files of export %d, which was interrupted before it counted", seq))
		}
		if err := r.clear(stage); err != nil {
			return err
		}
	}
	return nil
}

// exportRecord returns the record of an export, as far as a manifest needs it.
func (b *Book) exportRecord(seq int64) *Record {
	for _, e := range b.exports {
		if e.Seq == seq {
			return &Record{Version: version, Seq: e.Seq, Prev: e.Prev, At: e.At, Rows: e.Count, Export: e.Export, hash: e.Hash}
		}
	}
	return nil
}

// finish puts the files of an export in their place unless they stand there.
func (r *Register) finish(rec *Record, stage string) error {
	stands, err := rec.stands()
	if err != nil || stands {
		return err
	}
	out, err := atomicfile.OpenFolder(rec.Export.Out, atomicfile.FolderOptions{})
	if err != nil {
		return err
	}
	defer out.Discard()
	return r.publish(rec, stage, out)
}

// stands reports whether the files of an export stand in their place.
func (rec *Record) stands() (bool, error) {
	want, err := manifestOf(rec)
	if err != nil {
		return false, err
	}
	got, err := os.ReadFile(filepath.Join(rec.Export.Out, publishedManifest))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil || string(got) != string(want) {
		return false, err
	}
	for _, f := range rec.Export.Files {
		if err := checkFile(filepath.Join(rec.Export.Out, f.Name), &f); err != nil {
			return false, err
		}
	}
	return true, nil
}
