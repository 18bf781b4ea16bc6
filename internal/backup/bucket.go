package backup

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"path"
	"regexp"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/loam-dev/loam/internal/fault"
)

// bucket is a target in S3, or in what speaks its protocol. An object is there whole or
// not at all, which is S3's own promise.
type bucket struct {
	client       *minio.Client
	name, prefix string // the prefix has a slash at its end, or is ""
	shown        string
}

// The limits of a bucket's requests.
const (
	partBytes     = 16 << 20 // of an object that is sent in several; what is smaller goes in one
	bucketRetries = 3        // of one request, before the next attempt of who asked
)

// bucketForm is a bucket's name.
const bucketForm = `^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`

// openBucket finds s3://BUCKET/PREFIX?region=REGION&endpoint=URL. The credentials are where
// all of Amazon's tools look for them.
func openBucket(text string) (Target, error) {
	wrong := func(what string) error {
		return fault.New(fault.BackupTarget, "%s %s; write s3://BUCKET/PREFIX?region=REGION, with &endpoint=https://HOST where it is not Amazon's", text, what)
	}
	u, err := url.Parse(text)
	if err != nil || u.User != nil || u.Fragment != "" {
		return nil, wrong("is no address of a bucket")
	}
	if !regexp.MustCompile(bucketForm).MatchString(u.Host) {
		return nil, wrong("has no name of a bucket")
	}
	options := u.Query()
	region, endpoint := options.Get("region"), options.Get("endpoint")
	options.Del("region")
	options.Del("endpoint")
	if len(options) > 0 {
		return nil, wrong("has an option that there is not")
	}
	if region == "" {
		region = os.Getenv("AWS_REGION")
	}
	if endpoint == "" {
		if region == "" {
			return nil, wrong("has no region")
		}
		endpoint = "https://s3." + region + ".amazonaws.com"
	}
	at, err := url.Parse(endpoint)
	if err != nil || at.Host == "" || at.Scheme != "https" && at.Scheme != "http" || strings.Trim(at.Path, "/") != "" {
		return nil, wrong("has an endpoint that is no https:// address of a host")
	}
	client, err := minio.New(at.Host, &minio.Options{
		Creds:  credentials.NewChainCredentials([]credentials.Provider{&credentials.EnvAWS{}, &credentials.FileAWSCredentials{}, &credentials.IAM{}}),
		Secure: at.Scheme == "https", Region: region, MaxRetries: bucketRetries,
	})
	if err != nil {
		return nil, wrong("can't be used").(*fault.Error).Because(err)
	}
	prefix := strings.Trim(path.Clean("/"+u.Path), "/")
	shown := "s3://" + u.Host
	if prefix != "" {
		shown += "/" + prefix
		prefix += "/"
	}
	return &bucket{client, u.Host, prefix, shown}, nil
}

// String is the bucket's address, without where it is.
func (b *bucket) String() string { return b.shown }

// Put sends an object in one request where it is small, and else in parts.
func (b *bucket) Put(ctx context.Context, name string, write func(io.Writer) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	out, in := io.Pipe()
	written := make(chan error, 1)
	go func() {
		err := write(in)
		in.CloseWithError(err) // nil is the end
		written <- err
	}()
	var first bytes.Buffer
	_, err := io.CopyN(&first, out, partBytes)
	switch {
	case err == io.EOF:
		err = b.send(ctx, name, &first, int64(first.Len()))
	case err == nil:
		err = b.send(ctx, name, io.MultiReader(&first, out), -1)
	}
	_ = out.CloseWithError(errBroken) // who writes on is told
	wrote := <-written
	if _, refused := isFault(err); refused {
		return err
	}
	return errors.Join(wrote, ctx.Err())
}

// errBroken ends a write whose request has failed.
var errBroken = errors.New("backup: the bucket has taken no more")

func (b *bucket) send(ctx context.Context, name string, r io.Reader, size int64) error {
	// What is sent is sealed: a signature of each piece of it would add nothing.
	_, err := b.client.PutObject(ctx, b.name, b.prefix+name, r, size, minio.PutObjectOptions{PartSize: partBytes, ContentType: "application/octet-stream", DisableContentSha256: true})
	return b.failed("written to", err)
}

// Open reads an object.
func (b *bucket) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	o, err := b.client.GetObject(ctx, b.name, b.prefix+name, minio.GetObjectOptions{})
	if err == nil {
		_, err = o.Stat() // nothing is asked for before
	}
	if err != nil {
		return nil, b.failed("read", err)
	}
	return o, nil
}

// List returns the objects below a prefix.
func (b *bucket) List(ctx context.Context, dir string) ([]Object, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var all []Object
	for o := range b.client.ListObjects(ctx, b.name, minio.ListObjectsOptions{Prefix: b.prefix + dir + "/", Recursive: true}) {
		if o.Err != nil {
			return nil, b.failed("read", o.Err)
		}
		all = append(all, Object{strings.TrimPrefix(o.Key, b.prefix), o.Size})
	}
	return all, nil // sorted, as S3 lists
}

// Delete removes an object.
func (b *bucket) Delete(ctx context.Context, name string) error {
	return b.failed("written to", b.client.RemoveObject(ctx, b.name, b.prefix+name, minio.RemoveObjectOptions{}))
}

// failed says what is to be done about an error of S3's.
func (b *bucket) failed(how string, err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	advice := "look whether the endpoint can be reached"
	switch said := minio.ToErrorResponse(err); {
	case said.Code == "NoSuchBucket":
		advice = "make the bucket first"
	case said.StatusCode == http.StatusForbidden || said.StatusCode == http.StatusUnauthorized:
		advice = "look at AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the role of the machine, and at what they may do"
	}
	return fault.New(fault.BackupTarget, "%s can't be %s: %s", b, how, advice).Because(err)
}
