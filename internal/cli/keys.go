package cli

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/loam-dev/loam/internal/vault"
)

func (c *console) keysCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "keys",
		Short: "Make master keys and API keys, and rotate signing keys",
		Args:  cobra.ArbitraryArgs,
		RunE:  nothingNamed,
	}
	cmd.AddCommand(c.apiKeyCommand(), c.rotateKeysCommand(), &cobra.Command{
		Use:   "generate",
		Short: "Print a new master key",
		Long: `Print a new random master key for LOAM_MASTER_KEY. Keep it where you keep
passwords: what it encrypts can't be read without it.`,
		Example: `  export LOAM_MASTER_KEY=$(loam keys generate)
  (umask 077; loam keys generate > master.key)   # for --key-file`,
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error {
			key := make([]byte, vault.KeySize)
			rand.Read(key) // never fails: crypto/rand stops the program instead
			_, err := fmt.Fprintln(c.out, base64.StdEncoding.EncodeToString(key))
			return err
		},
	})
	return cmd
}
