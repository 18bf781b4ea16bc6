// Made from internal/fault by `go test ./internal/sdkgen -update`.
export {};
