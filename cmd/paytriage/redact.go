package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/paytriage/paytriage/report"
	"github.com/paytriage/paytriage/report/console"
	"github.com/paytriage/paytriage/report/pseudonym"
)

// redactOptions are the flags of redact.
type redactOptions struct {
	out, key    string
	formats     []string
	sign        signOptions
	force       bool
	json, quiet bool
}

func newRedactCommand(std streams) *cobra.Command {
	var o redactOptions
	cmd := &cobra.Command{
		Use:   "redact CASE --out DIR --key FILE",
		Short: "Write a copy of a case for outsiders, without its people",
		Long: `Writes a copy of a finished case in which accounts, transactions, cards, owners'
devices and addresses and those who decided are tokens, and free text and the
records that were not understood are left out. What the attack used on two accounts
or more stays as it is: addresses, networks, devices, user agents; so do shops,
times and amounts.

A token is a keyed hash (HMAC-SHA-256). Copies that were made with one key can be
joined: the same person has the same token in every table and on every day. The key
is a file of 32 random bytes or more that only its owner can read; the copy names it
by a fingerprint. Keep it: without it nobody can tell again who a token was.

The copy names the case by the SHA-256 of its manifest, and 'paytriage verify' holds
it against itself. Whoever has other data of the service can still tell people by
times and amounts: this is no anonymising.`,
		Example: `  head -c 32 /dev/urandom > key && chmod 600 key
  paytriage redact case --out for-the-association --key key
  paytriage verify for-the-association`,
		Args: exactArgs("CASE"),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 0 {
				return nil, cobra.ShellCompDirectiveFilterDirs
			}
			return nil, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error { return runRedact(cmd.Context(), std, &o, args[0]) },
	}
	f := cmd.Flags()
	f.StringVar(&o.out, "out", "", "folder to write")
	f.StringVar(&o.key, "key", "", "file with the key that tokens are made with")
	f.StringSliceVar(&o.formats, "format", nil, "table files: csv, parquet or both, comma-separated (default: those of the case)")
	f.StringVar(&o.sign.key, "sign-key", "", "private key of OpenSSH that signs the copy")
	f.StringVar(&o.sign.passphrase, "sign-passphrase", "", "file with the passphrase of that key")
	f.BoolVar(&o.force, "force", false, "replace a finished copy")
	f.BoolVar(&o.json, "json", false, "print JSON")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print nothing but errors")
	complete(cmd, "format", report.Formats...)
	cmd.MarkFlagDirname("out")
	return cmd
}

func (o *redactOptions) validate() error {
	const see = "see 'paytriage redact --help'"
	switch {
	case o.out == "":
		return &usageError{"no folder to write", "give --out DIR"}
	case o.key == "":
		return &usageError{"no key", "give --key FILE; 'head -c 32 /dev/urandom > FILE && chmod 600 FILE' makes one"}
	case o.json && o.quiet:
		return errJSONQuiet
	}
	for _, f := range o.formats {
		if !slices.Contains(report.Formats, f) {
			return &usageError{fmt.Sprintf("--format %q is none of csv, parquet", f), see}
		}
	}
	return nil
}

func runRedact(ctx context.Context, std streams, o *redactOptions, folder string) error {
	if err := o.validate(); err != nil {
		return err
	}
	write := report.Options{Formats: o.formats, Force: o.force,
		Inputs: []string{filepath.Join(folder, "manifest.json"), o.key, o.sign.key, o.sign.passphrase}}
	write.Inputs = slices.DeleteFunc(write.Inputs, func(name string) bool { return name == "" })
	var err error
	if write.Pseudonyms, err = readPseudonymKey("key", o.key); err != nil {
		return err
	}
	if write.Key, err = o.sign.read(); err != nil {
		return err
	}
	out, err := report.Open(o.out, write)
	if err != nil {
		return err
	}
	defer out.Discard()
	err = out.Redact(ctx, folder)
	var check *report.CheckError
	if errors.As(err, &check) {
		return &checkError{check.Error(), "'paytriage verify " + folder + "' says what differs; make the case again from the logs"}
	}
	if err != nil || o.quiet {
		return err
	}
	m, err := report.ReadManifest(o.out)
	if err != nil {
		return err
	}
	sum, err := report.ManifestHash(o.out)
	if err != nil {
		return err
	}
	if o.json {
		return report.WriteJSON(std.out, map[string]any{"case": o.out, "manifest_sha256": sum, "redacted": m.Redacted})
	}
	return console.Block(std.out, "", []console.Pair{
		{Key: "copy", Value: o.out},
		{Key: "made from", Value: "SHA-256 " + m.Redacted.Original},
		{Key: "tokens by", Value: "key " + m.Redacted.Key},
		{Key: "manifest", Value: "SHA-256 " + sum}}, console.Options{Width: std.width(), Color: std.color()})
}

// readPseudonymKey reads the key that people are written as tokens with.
func readPseudonymKey(flag, path string) (*pseudonym.Key, error) {
	file, err := readSecret(flag, path)
	if err != nil {
		return nil, err
	}
	key, err := pseudonym.ReadKey(file)
	if err != nil {
		return nil, &hintError{fmt.Errorf("--%s: %s: %w", flag, path, err), "make one with 'head -c 32 /dev/urandom > FILE && chmod 600 FILE', and keep it"}
	}
	return key, nil
}
