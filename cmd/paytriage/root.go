package main

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// streams are where a command reads and writes. stdout carries what was asked
// for, stderr everything else.
type streams struct {
	in                       io.Reader
	out, err                 io.Writer
	outTerminal, errTerminal bool
}

func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

// width returns how many columns stdout has, 0 if that is not known.
func (s *streams) width() int {
	if f, ok := s.out.(*os.File); ok && s.outTerminal {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil {
			return w
		}
	}
	return 0
}

// color reports whether stdout may be coloured.
func (s *streams) color() bool { return s.outTerminal && os.Getenv("NO_COLOR") == "" }

const exitCodes = `
Exit codes:
  0    done
  1    failed
  2    wrong usage
  3    done and complete, but part of the input was rejected or unreadable
  4    a check that was asked for did not hold
  130  interrupted
Finding fraud is not a failure.`

// newRoot builds the command tree.
func newRoot(std streams) *cobra.Command {
	root := &cobra.Command{
		Use:   "paytriage",
		Short: "From login and payment logs to victims, charges and refunds",
		Long: `paytriage answers, from exported auth and payment logs, who the victims of an
account takeover are and how sure that is, how the attackers got in, which
charges are theirs, and what is owed to whom.
` + exitCodes,
		Example: `  paytriage analyze --auth auth.csv --payments payments.csv --out case
  paytriage simulate --preset list-type --out incident
  paytriage schema`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetIn(std.in)
	root.SetOut(std.out)
	root.SetErr(std.err)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return &usageError{err.Error(), "see '" + cmd.CommandPath() + " --help'"}
	})
	root.CompletionOptions.SetDefaultShellCompDirective(cobra.ShellCompDirectiveDefault)
	root.AddCommand(newAnalyzeCommand(std), newSimulateCommand(std), newShowCommand(std),
		newSchemaCommand(std), newVersionCommand(std))
	for _, c := range root.Commands() {
		if !strings.Contains(c.Long, exitCodes) {
			c.Long = strings.TrimSpace(c.Long+"\n"+exitCodes) + "\n"
		}
	}
	return root
}

// execute runs a command line and returns its exit code.
func execute(ctx context.Context, std streams, args []string) int {
	root := newRoot(std)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err != nil && ctx.Err() != nil {
		err = errors.Join(errInterrupted, err)
	}
	complain(std, err)
	return exitCode(err)
}

// usageArgs turns cobra's complaints about arguments into usage errors.
func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return &usageError{err.Error(), "see '" + cmd.CommandPath() + " --help'"}
		}
		return nil
	}
}
