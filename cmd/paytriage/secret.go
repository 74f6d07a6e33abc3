package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"

	"github.com/paytriage/paytriage/report"
	"github.com/paytriage/paytriage/report/signature"
)

// readSecret reads a file that holds a secret. Others than its owner must not be
// able to read it: what they could read is none. No error says anything of what
// it holds.
func readSecret(flag, path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, &hintError{fmt.Errorf("--%s: %w", flag, err), "check the name of the file"}
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, fmt.Errorf("--%s: %w", flag, err)
	case info.Mode().IsRegular() && info.Mode().Perm()&0o077 != 0 && runtime.GOOS != "windows":
		return nil, &hintError{fmt.Errorf("--%s: %s: others than its owner may use it (mode %04o)", flag, path, info.Mode().Perm()), "chmod 600 " + path}
	}
	secret, err := readBounded(f)
	if err != nil {
		return nil, fmt.Errorf("--%s: %s: %w", flag, path, err)
	}
	return secret, nil
}

// readBounded reads what a key or a signature may be.
func readBounded(r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, signature.MaxSize+1))
	if err == nil && len(data) > signature.MaxSize {
		err = &hintError{fmt.Errorf("has more than %d bytes, which no key has", signature.MaxSize), "name the file of the key itself"}
	}
	return data, err
}

// signOptions are the flags of what signs a manifest.
type signOptions struct{ key, passphrase string }

// read returns the key, or nil where none was asked for.
func (o *signOptions) read() (*signature.Key, error) {
	if o.key == "" {
		if o.passphrase != "" {
			return nil, &usageError{"--sign-passphrase without --sign-key", "give the key that it opens"}
		}
		return nil, nil
	}
	file, err := readSecret("sign-key", o.key)
	if err != nil {
		return nil, err
	}
	var passphrase []byte
	if o.passphrase != "" {
		if passphrase, err = readSecret("sign-passphrase", o.passphrase); err != nil {
			return nil, err
		}
		passphrase, _, _ = bytes.Cut(passphrase, []byte("\n"))
		passphrase = bytes.TrimSuffix(passphrase, []byte("\r"))
	}
	key, err := signature.ReadKey(file, passphrase)
	switch {
	case errors.Is(err, signature.ErrLocked):
		err = &hintError{err, "put its passphrase into a file of mode 0600 and name that with --sign-passphrase; or sign afterwards with 'ssh-keygen -Y sign -n " + signature.Namespace + " -f KEY CASE/manifest.json'"}
	case errors.Is(err, signature.ErrPassphrase):
		err = &hintError{err, "the file of --sign-passphrase holds the passphrase in its first line"}
	case err != nil:
		err = &hintError{err, "'ssh-keygen -t ed25519 -f KEY' makes one"}
	}
	if err != nil {
		return nil, fmt.Errorf("--sign-key: %s: %w", o.key, err)
	}
	return key, nil
}

// readKeys reads the public keys that a signature may be of.
func readKeys(path string) (*signature.Keys, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, &hintError{fmt.Errorf("--key: %w", err), "check the name of the file"}
	}
	defer f.Close()
	file, err := readBounded(f)
	if err != nil {
		return nil, fmt.Errorf("--key: %s: %w", path, err)
	}
	keys, err := signature.ReadKeys(file)
	if err != nil {
		return nil, &hintError{fmt.Errorf("--key: %s: %w", path, err), "name the public half (KEY.pub), or a file of allowed signers without options"}
	}
	return keys, nil
}

// previousCase returns the link to the case that a new one follows. It must not
// be the one that the new one replaces.
func previousCase(folder, out string) (*report.Link, error) {
	if folder == "" {
		return nil, nil
	}
	link, err := report.LinkTo(folder)
	if err != nil {
		return nil, err
	}
	a, errA := os.Stat(folder)
	b, errB := os.Stat(out)
	if errA == nil && errB == nil && os.SameFile(a, b) {
		return nil, &usageError{"--previous is the folder that --out replaces: the new case would follow one that is gone", "keep the previous case, and write the new one beside it"}
	}
	return link, nil
}
