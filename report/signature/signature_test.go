package signature

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
)

// fixed returns an Ed25519 key that is the same in every run.
func fixed(t testing.TB) *Key {
	t.Helper()
	signer, err := ssh.NewSignerFromKey(ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize)))
	if err != nil {
		t.Fatal(err)
	}
	return &Key{signer}
}

func public(k *Key) []byte { return ssh.MarshalAuthorizedKey(k.signer.PublicKey()) }

func keysOf(t testing.TB, file []byte) *Keys {
	t.Helper()
	keys, err := ReadKeys(file)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// newKeys makes a key of every type that can sign.
func newKeys(t *testing.T) map[string]any {
	t.Helper()
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	e, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, d, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]any{"rsa": r, "ecdsa": e, "ed25519": &d}
}

func TestSignAndVerify(t *testing.T) {
	message := []byte(`{"tool": "paytriage"}`)
	for name, raw := range newKeys(t) {
		block, err := ssh.MarshalPrivateKey(raw, "")
		if err != nil {
			t.Fatal(name, err)
		}
		key, err := ReadKey(pem.EncodeToMemory(block), nil)
		if err != nil {
			t.Fatal(name, err)
		}
		sig, err := key.Sign(message)
		if err != nil {
			t.Fatal(name, err)
		}
		keys := keysOf(t, public(key))
		if by, err := keys.Verify(message, sig); err != nil || by != key.Fingerprint() {
			t.Errorf("%s: %q, %v", name, by, err)
		}
		if by, err := keys.Verify(append(message, ' '), sig); !errors.Is(err, ErrForged) || by != key.Fingerprint() {
			t.Errorf("%s: another message: %q, %v", name, by, err)
		}
		if _, err := keysOf(t, public(fixed(t))).Verify(message, sig); !errors.Is(err, ErrStranger) {
			t.Errorf("%s: another key: %v", name, err)
		}
	}
}

func TestEncryptedKey(t *testing.T) {
	block, err := ssh.MarshalPrivateKeyWithPassphrase(newKeys(t)["ed25519"], "", []byte("long words"))
	if err != nil {
		t.Fatal(err)
	}
	file := pem.EncodeToMemory(block)
	for _, c := range []struct {
		passphrase string
		want       error
	}{{"", ErrLocked}, {"short words", ErrPassphrase}, {"long words", nil}} {
		if _, err := ReadKey(file, []byte(c.passphrase)); !errors.Is(err, c.want) {
			t.Errorf("passphrase %q: %v, want %v", c.passphrase, err, c.want)
		}
	}
}

func TestReadKeyTellsNothingOfTheFile(t *testing.T) {
	for _, file := range []string{"", "hunter2", "-----BEGIN OPENSSH PRIVATE KEY-----\naHVudGVyMg==\n-----END OPENSSH PRIVATE KEY-----\n"} {
		_, err := ReadKey([]byte(file), nil)
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", file, err)
		}
	}
}

// TestEd25519IsDeterministic: a case that is made again with the same manifest
// has the same signature.
func TestEd25519IsDeterministic(t *testing.T) {
	a, _ := fixed(t).Sign([]byte("x"))
	b, _ := fixed(t).Sign([]byte("x"))
	if !bytes.Equal(a, b) || len(a) == 0 {
		t.Errorf("%s\n%s", a, b)
	}
}

// TestEveryFlippedBitIsSeen changes a signature in every bit.
func TestEveryFlippedBitIsSeen(t *testing.T) {
	key, message := fixed(t), []byte("message")
	keys := keysOf(t, public(key))
	sig, err := key.Sign(message)
	if err != nil {
		t.Fatal(err)
	}
	for i := range sig {
		for bit := range 8 {
			sig[i] ^= 1 << bit
			if _, err := keys.Verify(message, sig); err == nil {
				t.Errorf("bit %d of byte %d, %q now, does not matter", bit, i, sig[i])
			}
			sig[i] ^= 1 << bit
		}
	}
}

func TestVerifyRefusesOtherKinds(t *testing.T) {
	key, message := fixed(t), []byte("message")
	keys := keysOf(t, public(key))
	made := func(change func(*envelope)) []byte {
		e := envelope{Version: 1, PublicKey: string(key.signer.PublicKey().Marshal()), Namespace: Namespace, Hash: hash}
		change(&e)
		sig, err := key.signer.Sign(rand.Reader, e.signed(message))
		if err != nil {
			t.Fatal(err)
		}
		e.Signature = string(ssh.Marshal(sig))
		return armor(append([]byte(magic), ssh.Marshal(e)...))
	}
	for _, c := range []struct {
		change func(*envelope)
		want   string
	}{
		{func(e *envelope) {}, ""},
		{func(e *envelope) { e.Hash = olderHash }, ""},
		{func(e *envelope) { e.Namespace = "git" }, `was made for "git"`},
		{func(e *envelope) { e.Version = 2 }, "has the version 2"},
		{func(e *envelope) { e.Reserved = "x" }, "not known"},
		{func(e *envelope) { e.Hash = "md5" }, "not known"},
		{func(e *envelope) { e.PublicKey = "x" }, "cannot be read"},
	} {
		_, err := keys.Verify(message, made(c.change))
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}

// TestVerifyRefusesSHA1: a signature of an RSA key by the hash that can be forged.
func TestVerifyRefusesSHA1(t *testing.T) {
	signer, err := ssh.NewSignerFromKey(newKeys(t)["rsa"])
	if err != nil {
		t.Fatal(err)
	}
	e := envelope{Version: 1, PublicKey: string(signer.PublicKey().Marshal()), Namespace: Namespace, Hash: hash}
	sig, err := signer.(ssh.AlgorithmSigner).SignWithAlgorithm(rand.Reader, e.signed(nil), ssh.KeyAlgoRSA)
	if err != nil {
		t.Fatal(err)
	}
	e.Signature = string(ssh.Marshal(sig))
	file := armor(append([]byte(magic), ssh.Marshal(e)...))
	if _, err := keysOf(t, ssh.MarshalAuthorizedKey(signer.PublicKey())).Verify(nil, file); err == nil || !strings.Contains(err.Error(), "SHA-1") {
		t.Error(err)
	}
}

func TestReadKeys(t *testing.T) {
	one := strings.TrimSpace(string(public(fixed(t))))
	for _, c := range []struct {
		file string
		keys int // 0: an error
	}{
		{one, 1},
		{one + " someone@example.com\r\n", 1},
		{"# who signs\n\nchief@example.com,deputy@example.com " + one + "\n" + one, 2},
		{"", 0},
		{"# nobody\n", 0},
		{"chief@example.com valid-before=\"20300101\" " + one, 0},
		{"chief@example.com namespaces=\"git\" " + one, 0},
		{one + "\nssh-ed25519 AAAA", 0},
		{"ssh-rsa " + strings.Fields(one)[1], 0}, // the type is another
		{"ssh-dss AAAAB3NzaC1kc3M=", 0},          // too weak to vouch for anything
	} {
		k, err := ReadKeys([]byte(c.file))
		n := 0
		if err == nil {
			n = len(k.keys)
		}
		if n != c.keys || (err == nil) != (c.keys > 0) {
			t.Errorf("%q: %d keys, %v; want %d", c.file, n, err, c.keys)
		}
	}
}

// TestSSHKeygen signs here and checks there, and the other way round.
func TestSSHKeygen(t *testing.T) {
	tool, err := exec.LookPath("ssh-keygen")
	if err != nil {
		t.Skip("ssh-keygen is not to be had")
	}
	for _, kind := range []string{"ed25519", "rsa", "ecdsa"} {
		dir := t.TempDir()
		run := func(stdin []byte, args ...string) {
			t.Helper()
			cmd := exec.Command(tool, args...)
			cmd.Dir, cmd.Stdin = dir, bytes.NewReader(stdin)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("ssh-keygen %s: %v\n%s", strings.Join(args, " "), err, out)
			}
		}
		read := func(name string) []byte {
			t.Helper()
			data, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			return data
		}
		write := func(name string, data []byte) {
			t.Helper()
			if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		run(nil, "-q", "-t", kind, "-N", "open sesame", "-f", "key")
		key, err := ReadKey(read("key"), []byte("open sesame"))
		if err != nil {
			t.Fatal(kind, err)
		}
		message := []byte("a manifest\n")
		sig, err := key.Sign(message)
		if err != nil {
			t.Fatal(kind, err)
		}
		write("allowed", append([]byte("chief@example.com "), read("key.pub")...))
		write("m.sig", sig)
		run(message, "-Y", "verify", "-f", "allowed", "-I", "chief@example.com", "-n", Namespace, "-s", "m.sig")

		run(nil, "-q", "-t", kind, "-N", "", "-f", "other")
		write("n", message)
		run(nil, "-Y", "sign", "-q", "-n", Namespace, "-f", "other", "n")
		theirs := read("n.sig")
		if _, err := keysOf(t, read("other.pub")).Verify(message, theirs); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		if _, err := keysOf(t, read("key.pub")).Verify(message, theirs); !errors.Is(err, ErrStranger) {
			t.Errorf("%s: %v", kind, err)
		}
		blob, _ := unarmor(theirs)
		if got := armor(blob); !bytes.Equal(got, theirs) {
			t.Errorf("%s: %s\nis not how ssh-keygen writes it\n%s", kind, got, theirs)
		}
	}
}

// FuzzVerify takes any bytes for a signature: none but the right one passes.
func FuzzVerify(f *testing.F) {
	key, message := fixed(f), []byte("message")
	right, err := key.Sign(message)
	if err != nil {
		f.Fatal(err)
	}
	keys := keysOf(f, public(key))
	seeds := [][]byte{right, nil, []byte(begin + end), armor([]byte(magic)), armor([]byte(magic + "\x00\x00\x00\x01\xff\xff\xff\xff")), right[:len(right)-1]}
	for _, seed := range seeds {
		f.Add(seed)
	}
	want, _ := unarmor(right)
	f.Fuzz(func(t *testing.T, file []byte) {
		if _, err := keys.Verify(message, file); err != nil {
			return
		}
		if got, _ := unarmor(file); !bytes.Equal(got, want) {
			t.Errorf("%q passes", file)
		}
	})
}
