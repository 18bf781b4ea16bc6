package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/loam-dev/loam/internal/admin"
	"github.com/loam-dev/loam/internal/fault"
)

// importOptions are the flags of `loam user import`.
type importOptions struct {
	adminOptions
	format                      string
	dryRun, update, stopAtError bool
	signerKey, separator        string
	rounds, memory              int
}

func (c *console) userImportCommand() *cobra.Command {
	o := &importOptions{}
	cmd := c.adminCommand(&o.adminOptions, &cobra.Command{
		Use:   "import",
		Short: "Import users of another system with their passwords",
		Long: `Import users from a file, with the hashes of their passwords. A row with a mistake
is named with its line, and the others are imported; the exit code is 1 then.
docs/guides/import.md says what a file holds.`,
		Example: `  loam user import users.csv --dry-run
  loam user import users.jsonl --update
  loam user import users.json --format firebase --firebase-key-file signer.key \
    --firebase-salt-separator Bw== --firebase-rounds 8 --firebase-memory-cost 14`,
	}, "FILE", func(ctx context.Context, args []string, to *operator) error {
		return c.importUsers(ctx, o, args[0], to)
	})
	f := cmd.Flags()
	f.StringVar(&o.format, "format", "", "csv, json or firebase; from the file's name unless given")
	f.BoolVar(&o.dryRun, "dry-run", false, "do everything, then undo it")
	f.BoolVar(&o.update, "update", false, "change accounts that were imported before")
	f.BoolVar(&o.stopAtError, "stop-at-error", false, "end at the first row with a mistake")
	f.StringVar(&o.signerKey, "firebase-key-file", "", "a file that holds Firebase's base64_signer_key")
	f.StringVar(&o.separator, "firebase-salt-separator", "", "Firebase's base64_salt_separator")
	f.IntVar(&o.rounds, "firebase-rounds", 8, "Firebase's rounds")
	f.IntVar(&o.memory, "firebase-memory-cost", 14, "Firebase's mem_cost")
	jsonFlag(cmd, &o.asJSON)
	return cmd
}

func (c *console) importUsers(ctx context.Context, o *importOptions, path string, to *operator) error {
	file, err := os.Open(path)
	if err != nil {
		return fault.New(fault.CLIFiles, "%s can't be read", path).Because(err)
	}
	defer file.Close()
	if o.format == "" {
		o.format = map[string]string{".csv": "csv", ".json": "json", ".jsonl": "json", ".ndjson": "json"}[strings.ToLower(filepath.Ext(path))]
	}
	query := url.Values{"format": {o.format}, "dryRun": {strconv.FormatBool(o.dryRun)}, "update": {strconv.FormatBool(o.update)}, "stopAtError": {strconv.FormatBool(o.stopAtError)}}
	header := http.Header{"Content-Type": {"application/octet-stream"}}
	if o.format == "firebase" {
		key, err := readFile(os.DirFS(filepath.Dir(o.signerKey)), filepath.Base(o.signerKey))
		if err != nil {
			return fault.New(fault.CLIFiles, "name the file with Firebase's signer key by --firebase-key-file").Because(err)
		}
		header.Set("Firebase-Signer-Key", strings.TrimSpace(key))
		header.Set("Firebase-Salt-Separator", o.separator)
		header.Set("Firebase-Rounds", strconv.Itoa(o.rounds))
		header.Set("Firebase-Memory-Cost", strconv.Itoa(o.memory))
	}
	res, err := to.send(ctx, "POST", "/auth/admin/import?"+query.Encode(), c.progress(file), header)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	var report admin.Report
	if err := json.NewDecoder(res.Body).Decode(&report); err != nil {
		return err
	}
	return c.showImport(o, report)
}

func (c *console) showImport(o *importOptions, r admin.Report) error {
	if o.asJSON {
		if err := c.printJSON(r); err != nil {
			return err
		}
	} else {
		for _, mistake := range r.Errors {
			fmt.Fprintln(c.err, printable(mistake.Message))
		}
		if more := r.Failed - len(r.Errors); more > 0 {
			fmt.Fprintf(c.err, "and %s more with mistakes\n", counted(more, "row"))
		}
		would := ""
		if r.DryRun {
			would = "; nothing is changed: it was a dry run"
		}
		fmt.Fprintf(c.out, "%d created, %d updated, %d skipped, %d failed%s\n", r.Created, r.Updated, r.Skipped, r.Failed, would)
	}
	if r.Failed > 0 {
		return fault.New(fault.AuthBadImport, "%s could not be imported", counted(r.Failed, "row"))
	}
	return nil
}

// progress shows, in a terminal, how much of a file has been read.
func (c *console) progress(file *os.File) io.Reader {
	info, err := file.Stat()
	if err != nil || !c.asks || info.Size() == 0 {
		return file
	}
	return &progress{file, c.err, info.Size(), 0, -1}
}

type progress struct {
	file  io.Reader
	to    io.Writer
	total int64
	read  int64
	shown int64 // percent
}

func (p *progress) Read(b []byte) (int, error) {
	n, err := p.file.Read(b)
	p.read += int64(n)
	if percent := 100 * p.read / p.total; percent != p.shown {
		p.shown = percent
		fmt.Fprintf(p.to, "\rread %d %%", percent)
	}
	if err != nil {
		fmt.Fprint(p.to, "\r           \r")
	}
	return n, err
}
