#!/usr/bin/env bash
# Lattigo 6.1.1: the sum of two CKKS ciphertexts whose scales differ by less than a factor of two is wrong without an error. Of scales that
# differ by a whole factor the smaller one is raised; of a ratio of 1.5 the integer part, 1, is used, and the numbers
# of the smaller scale count for two thirds. SEAL refuses to add ciphertexts of different scales. Needs Go.
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
	encoder, encryptor, decryptor := ckks.NewEncoder(params), rlwe.NewEncryptor(params, secret), rlwe.NewDecryptor(params, secret)
	encrypt := func(value, ratio float64) *rlwe.Ciphertext {
		plaintext := ckks.NewPlaintext(params, params.MaxLevel())
		plaintext.Scale = rlwe.NewScale(ratio * math.Exp2(40))
		if err := encoder.Encode([]float64{value}, plaintext); err != nil {
			panic(err)
		}
		return must(encryptor.EncryptNew(plaintext))
	}
	for _, ratio := range []float64{1, 1.5, 2, 3} {
		values := make([]float64, 1)
		sum, err := ckks.NewEvaluator(params, nil).AddNew(encrypt(1, 1), encrypt(1, ratio))
		if err == nil {
			err = encoder.Decode(decryptor.DecryptNew(sum), values)
		}
		fmt.Printf("lattigo 6.1.1: 1 + 1 at scales of ratio %v = %.3f, error: %v\n", ratio, values[0], err)
	}
}
GO
go mod init probe >/dev/null 2>&1
go get github.com/tuneinsight/lattigo/v6@v6.1.1 >/dev/null 2>&1
go mod tidy >/dev/null 2>&1
go run . | tee out.txt
# Seen on 2026-11-29:
# lattigo 6.1.1: 1 + 1 at scales of ratio 1 = 2.000, error: <nil>
# lattigo 6.1.1: 1 + 1 at scales of ratio 1.5 = 1.667, error: <nil>
# lattigo 6.1.1: 1 + 1 at scales of ratio 2 = 2.000, error: <nil>
# lattigo 6.1.1: 1 + 1 at scales of ratio 3 = 2.000, error: <nil>
for line in 'ratio 1 = 2.000, error: <nil>' 'ratio 1.5 = 1.667, error: <nil>' 'ratio 2 = 2.000, error: <nil>' 'ratio 3 = 2.000, error: <nil>'; do
  grep -q "$line" out.txt
done
