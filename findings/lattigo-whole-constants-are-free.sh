#!/usr/bin/env bash
# Lattigo 6.1.1: what a product with a constant costs depends on the constant's value, not its type. By 3.0 the ciphertext keeps its scale
# and no level is spent; by 3.5 the scale grows by a prime, and the product has to be rescaled. So a polynomial or a layer needs
# another depth when a weight happens to be a whole number, and two branches that differ in a constant end at
# different scales. Needs Go.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cat > main.go <<'GO'
package main

import (
	"fmt"
	"math"

	"github.com/tuneinsight/lattigo/v6/core/rlwe"
	"github.com/tuneinsight/lattigo/v6/schemes/ckks"
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func main() {
	params := must(ckks.NewParametersFromLiteral(ckks.ParametersLiteral{LogN: 12, LogQ: []int{50, 40}, LogDefaultScale: 40}))
	secret := rlwe.NewKeyGenerator(params).GenSecretKeyNew()
	encoder := ckks.NewEncoder(params)
	plaintext := ckks.NewPlaintext(params, params.MaxLevel())
	if err := encoder.Encode([]float64{1}, plaintext); err != nil {
		panic(err)
	}
	one := must(rlwe.NewEncryptor(params, secret).EncryptNew(plaintext))
	for _, constant := range []float64{3, 3.5} {
		product := must(ckks.NewEvaluator(params, nil).MulNew(one, constant))
		values := make([]float64, 1)
		if err := encoder.Decode(rlwe.NewDecryptor(params, secret).DecryptNew(product), values); err != nil {
			panic(err)
		}
		fmt.Printf("lattigo 6.1.1: 1 × float64(%v) = %.2f, bits of scale %.0f -> %.0f\n", constant, values[0], math.Log2(one.Scale.Float64()), math.Log2(product.Scale.Float64()))
	}
}
GO
go mod init probe >/dev/null 2>&1
go get github.com/tuneinsight/lattigo/v6@v6.1.1 >/dev/null 2>&1
go mod tidy >/dev/null 2>&1
go run . | tee out.txt
# Seen on 2026-11-29:
# lattigo 6.1.1: 1 × float64(3) = 3.00, bits of scale 40 -> 40
# lattigo 6.1.1: 1 × float64(3.5) = 3.50, bits of scale 40 -> 80
grep -q 'float64(3) = 3.00, bits of scale 40 -> 40' out.txt
grep -q 'float64(3.5) = 3.50, bits of scale 40 -> 80' out.txt
