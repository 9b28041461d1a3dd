using Llm4Msr.Language.Files;
using TorchSharp;

namespace Llm4Msr.Language.Decoding;

/// <summary>One vector per token, or per position; read the other way round it is the output head.</summary>
/// <param name="stored">[N, H], fp32 or as the file has it.</param>
internal sealed class EmbeddingTable(StoredTensor stored)
{
    private const long RowsTogether = 8192; // of a table that has to be widened: with 4,096 numbers each, 128 MB

    /// <param name="ids">[T].</param>
    /// <returns>[T, H].</returns>
    public Tensor Of(Tensor ids) => stored.IsFp32 ? stored.Stored.index_select(0, ids) : stored.Rows(ids).Widen();

    /// <param name="states">[R, H].</param>
    /// <returns>Products with every row of the table, [R, N].</returns>
    public Tensor Logits(Tensor states)
    {
        if (stored.IsFp32)
            return torch.nn.functional.linear(states, stored.Stored);
        List<Tensor> parts = [];
        for (long first = 0; first < stored.Shape[0]; first += RowsTogether)
        {
            using var scope = torch.NewDisposeScope();
            var rows = stored.Rows(first, Math.Min(RowsTogether, stored.Shape[0] - first)).Widen();
            parts.Add(torch.nn.functional.linear(states, rows).MoveToOuterDisposeScope());
        }
        return torch.cat(parts, dim: 1);
    }
}
