# Everything that a change must pass is `make test`; CI runs the same target.
# It needs Go, Node, git, make and a C compiler (for the race detector).

STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
FUZZTIME    ?= 3s
SOAKTIME    ?= 2h
# What random tests draw from, and the order of tests: the same each time, for what judges a change.
SEED        ?= 1
# Two packages are left out of the race detector, which makes them six to nine times
# slower; everything around them is watched. One connection of SQLite is in one
# goroutine's hands, and its memory is its own. Argon2id reads a buffer that is its own
# as well, and nearly every test signs somebody in.
RACE        := -race -gcflags=github.com/ncruces/go-sqlite3-wasm/v6/...=-race=false -gcflags=golang.org/x/crypto/argon2=-race=false

# One package more at once than there are cores: many wait for servers, browsers and clocks. lint has vetted them.
BESIDE      := -p $(shell echo $$(($$(getconf _NPROCESSORS_ONLN) + 1))) -vet=off

# As the binary is built, so that Go's cache has each package once; the race detector alone needs C.
export CGO_ENABLED := 0
export LOAM_SEED    = $(SEED)

# What runs on the engine that LOAM_TEST_ENGINE names; the store's own tests run on both by themselves. Attacks and
# invariants are as many again, and take five minutes more: make postgres EITHER='./tests/attack ./tests/invariant'.
EITHER      := ./internal/audit ./internal/auth ./internal/federation ./internal/jobs ./internal/mail ./internal/tenant ./tests/doors

.PHONY: test tools lint vuln node openapi-check gotest explore goclient postgres deploy fuzz goldens generate soak bench build demo

# The judges take turns with the linters, since npm and its tests use one core. Goldens are written anew, so that
# nothing runs beside them.
test: tools
	@$(MAKE) -j2 $(if $(filter output-sync,$(.FEATURES)),--output-sync=target) lint vuln node goclient
	@$(MAKE) -j1 gotest postgres goldens fuzz

# What the tests run beside Go and Node.
tools: ; @scripts/tools.sh

lint:
	@files=$$(gofmt -l $$(git ls-files '*.go')); [ -z "$$files" ] || { echo "run gofmt -w on:"; echo "$$files"; exit 1; }
	go vet ./...
	go run $(STATICCHECK) ./...

vuln: ; @scripts/vuln.sh

# The judges that live on npm: installed where their lock file changed, then asked.
node: ; @scripts/node.sh

# One of those judges alone: the OpenAPI documents, and a client made from them.
openapi-check:
	go test ./internal/sdkgen ./tests/openapi
	cd tests/openapi && npm ci --no-audit --no-fund --loglevel=error && npm test --silent

gotest:
	CGO_ENABLED=1 go test $(RACE) $(BESIDE) -shuffle=$(SEED) -timeout 25m ./...

# The same with other draws, in another order.
explore: SEED := $(shell date +%s)
explore: gotest

# A Go client, made of the OpenAPI document by oapi-codegen, and run. A module of its own.
goclient:
	cd tests/goclient && go test . && go vet ./...

# The same once more, on PostgreSQL.
postgres:
	LOAM_TEST_ENGINE=postgres go test $(BESIDE) -timeout 25m $(EITHER)

# The files of deploy/, by what reads them: Helm, Compose, Docker's parser, systemd. No part of make test: Helm alone
# takes minutes to build.
deploy:
	cd tests/deploy && go vet . && go test .

# A few seconds for each fuzz target; `make fuzz FUZZTIME=10m` for a night.
fuzz: ; @FUZZTIME=$(FUZZTIME) scripts/fuzz.sh

# Goldens and generated pages are what the code makes today.
goldens: ; @scripts/goldens.sh

# Rewrites every golden and generated page.
generate: ; @scripts/generate.sh

# 1,000 kills of the engine, 200 of the server and 100 under 50 subscribers, reads under writes, 600,000 random cases
# drawn anew; with SOAKTIME=5m each of the three ends by then, with what it has done.
soak: SEED := $(shell date +%s)
soak:
	@echo "SEED=$(SEED)"
	LOAM_SOAK=1 go test -count=1 -v -timeout $(SOAKTIME) ./tests/kill ./tests/fault ./tests/invariant

# Loam beside its peers and the bare limits: see bench/README.md.
bench:
	go run ./bench $(BENCHFLAGS)
	go run ./bench/fanout $(FANOUTFLAGS)

build:
	CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o bin/loam ./cmd/loam

demo:
	go run ./cmd/loam demo
