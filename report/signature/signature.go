// Package signature signs the manifest of a case and holds a manifest against
// its signature, so that nobody can make a case anew and pass it off as the old
// one without the key.
//
// The format is that of OpenSSH (PROTOCOL.sshsig): any key that logs in to a
// server can sign, with this package or with
//
//	ssh-keygen -Y sign -n paytriage -f KEY manifest.json
//
// and any signature can be checked with either, here or with
//
//	ssh-keygen -Y verify -n paytriage -f ALLOWED -I NAME -s manifest.json.sig < manifest.json
//
// The namespace keeps a signature that was made for something else (a commit, a
// mail) from passing for one of a case. Ed25519 and RSA keys sign the same bytes
// the same way every time.
package signature

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"
)

// Namespace is what signatures are made for.
const Namespace = "paytriage"

// Suffix is what the name of a signed file has behind it in the name of its
// signature, as ssh-keygen has it.
const Suffix = ".sig"

// MaxSize bounds files of keys and of signatures.
const MaxSize = 64 << 10

// Errors of ReadKey and Verify. Each may come wrapped in one that says more.
var (
	// ErrLocked: the private key is encrypted and no passphrase was given.
	ErrLocked = errors.New("the key is encrypted")
	// ErrPassphrase: the passphrase is not that of the key.
	ErrPassphrase = errors.New("the passphrase is not that of the key")
	// ErrStranger: the signature is by none of the keys.
	ErrStranger = errors.New("is signed by another key")
	// ErrForged: the signature is not of these bytes.
	ErrForged = errors.New("is not what was signed")
)

// A Key signs.
type Key struct{ signer ssh.Signer }

// ReadKey reads a private key in any format of OpenSSH. The passphrase is for an
// encrypted one, else nil. No error says anything of what the file holds.
func ReadKey(file, passphrase []byte) (*Key, error) {
	var missing *ssh.PassphraseMissingError
	signer, err := ssh.ParsePrivateKey(file)
	if errors.As(err, &missing) {
		if len(passphrase) == 0 {
			return nil, ErrLocked
		}
		signer, err = ssh.ParsePrivateKeyWithPassphrase(file, passphrase)
	}
	switch {
	case errors.Is(err, x509.IncorrectPasswordError):
		return nil, ErrPassphrase
	case err != nil:
		return nil, errors.New("is no private key of OpenSSH")
	case !slices.Contains(kinds, signer.PublicKey().Type()):
		return nil, fmt.Errorf("keys of the type %s cannot sign", signer.PublicKey().Type())
	}
	return &Key{signer}, nil
}

// Fingerprint returns the fingerprint of the key, as ssh-keygen -l prints it.
func (k *Key) Fingerprint() string { return ssh.FingerprintSHA256(k.signer.PublicKey()) }

// kinds are the types of keys whose signatures are taken. DSA is not.
var kinds = []string{ssh.KeyAlgoED25519, ssh.KeyAlgoRSA, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521,
	ssh.KeyAlgoSKED25519, ssh.KeyAlgoSKECDSA256}

const (
	magic     = "SSHSIG"
	hash      = "sha512"
	olderHash = "sha256"
)

// An envelope is what a signature file holds, behind the magic.
type envelope struct {
	Version                                         uint32
	PublicKey, Namespace, Reserved, Hash, Signature string
}

// A signed is what is signed, behind the magic.
type signed struct{ Namespace, Reserved, Hash, Sum string }

// signed returns the bytes that the signature of a message is of.
func (e *envelope) signed(message []byte) []byte {
	sum := sha512.Sum512(message)
	digest := sum[:]
	if e.Hash == olderHash {
		sum := sha256.Sum256(message)
		digest = sum[:]
	}
	return append([]byte(magic), ssh.Marshal(signed{e.Namespace, e.Reserved, e.Hash, string(digest)})...)
}

// Sign returns the signature of a message as a text for a file.
func (k *Key) Sign(message []byte) ([]byte, error) {
	public := k.signer.PublicKey()
	e := envelope{Version: 1, PublicKey: string(public.Marshal()), Namespace: Namespace, Hash: hash}
	data := e.signed(message)
	var sig *ssh.Signature
	var err error
	if with, ok := k.signer.(ssh.AlgorithmSigner); ok && public.Type() == ssh.KeyAlgoRSA {
		sig, err = with.SignWithAlgorithm(rand.Reader, data, ssh.KeyAlgoRSASHA512) // not SHA-1
	} else {
		sig, err = k.signer.Sign(rand.Reader, data)
	}
	if err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	e.Signature = string(ssh.Marshal(sig))
	return armor(append([]byte(magic), ssh.Marshal(e)...)), nil
}

const (
	begin = "-----BEGIN SSH SIGNATURE-----\n"
	end   = "-----END SSH SIGNATURE-----\n"
	wide  = 70 // columns, as ssh-keygen writes them
)

func armor(blob []byte) []byte {
	out := bytes.NewBufferString(begin)
	for text := base64.StdEncoding.EncodeToString(blob); text != ""; {
		n := min(len(text), wide)
		out.WriteString(text[:n] + "\n")
		text = text[n:]
	}
	out.WriteString(end)
	return out.Bytes()
}

// unarmor is the reverse of armor. It is strict, so that a file of which a byte
// was changed is never one that is still read: only lines may be of any length.
func unarmor(file []byte) ([]byte, bool) {
	text, ok := strings.CutPrefix(string(file), begin)
	if !ok {
		return nil, false
	}
	if text, ok = strings.CutSuffix(text, end); !ok {
		text, ok = strings.CutSuffix(text, strings.TrimSuffix(end, "\n"))
	}
	if !ok || strings.Contains(text, "\r") {
		return nil, false // the decoder would pass over it
	}
	blob, err := base64.StdEncoding.Strict().DecodeString(text)
	return blob, err == nil
}

// Keys are the public keys that signatures are accepted of.
type Keys struct {
	keys []ssh.PublicKey
}

// ReadKeys reads public keys, one a line: as in a file of ssh-keygen (.pub) or
// with names before them, as in its file of allowed signers. Empty lines and
// those that begin with # are passed over. Options of allowed signers are
// refused: what is not understood must not be left out of account.
func ReadKeys(file []byte) (*Keys, error) {
	k := &Keys{}
	n := 0
	for line := range strings.Lines(string(file)) {
		n++
		fields := strings.Fields(line)
		if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		if !slices.Contains(kinds, fields[0]) {
			fields = fields[1:] // the names of who signs
		}
		if len(fields) < 2 || !slices.Contains(kinds, fields[0]) {
			return nil, fmt.Errorf("line %d: is no public key of OpenSSH, or has options", n)
		}
		blob, err := base64.StdEncoding.Strict().DecodeString(fields[1])
		if err != nil {
			return nil, fmt.Errorf("line %d: is no public key of OpenSSH", n)
		}
		key, err := ssh.ParsePublicKey(blob)
		if err != nil || key.Type() != fields[0] {
			return nil, fmt.Errorf("line %d: is no public key of OpenSSH", n)
		}
		k.keys = append(k.keys, key)
	}
	if len(k.keys) == 0 {
		return nil, errors.New("holds no public key")
	}
	return k, nil
}

// Verify holds a message against its signature and returns the fingerprint of
// the key that made it, which is also told with ErrStranger and ErrForged.
func (k *Keys) Verify(message, file []byte) (fingerprint string, err error) {
	blob, ok := unarmor(file)
	if !ok || !bytes.HasPrefix(blob, []byte(magic)) {
		return "", errors.New("is no signature of OpenSSH")
	}
	var e envelope
	if err := ssh.Unmarshal(blob[len(magic):], &e); err != nil {
		return "", errors.New("is no signature of OpenSSH")
	}
	var sig ssh.Signature
	if err := ssh.Unmarshal([]byte(e.Signature), &sig); err != nil {
		return "", errors.New("is no signature of OpenSSH")
	}
	public, err := ssh.ParsePublicKey([]byte(e.PublicKey))
	if err != nil {
		return "", errors.New("is signed by a key that cannot be read")
	}
	fingerprint = ssh.FingerprintSHA256(public)
	switch {
	case e.Version != 1:
		return fingerprint, fmt.Errorf("has the version %d, not 1", e.Version)
	case e.Namespace != Namespace:
		return fingerprint, fmt.Errorf("was made for %.40q, not for %q", e.Namespace, Namespace)
	case e.Reserved != "" || e.Hash != hash && e.Hash != olderHash:
		return fingerprint, errors.New("is of a kind that is not known")
	case !slices.ContainsFunc(k.keys, func(key ssh.PublicKey) bool { return bytes.Equal(key.Marshal(), public.Marshal()) }):
		return fingerprint, ErrStranger
	case public.Type() == ssh.KeyAlgoRSA && sig.Format != ssh.KeyAlgoRSASHA256 && sig.Format != ssh.KeyAlgoRSASHA512:
		return fingerprint, errors.New("was made by SHA-1, which can be forged")
	}
	if err := public.Verify(e.signed(message), &sig); err != nil {
		return fingerprint, ErrForged
	}
	return fingerprint, nil
}
