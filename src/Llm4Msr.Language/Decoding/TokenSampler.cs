using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Llm4Msr.Language.Decoding;

/// <summary>
/// Draws one answer's tokens. Chance comes from the seed, the answer's key and the token's number alone, so that neither
/// the order of questions nor their company changes an answer.
/// </summary>
internal sealed class TokenSampler(double temperature, double topP, long seed, string key)
{
    private int _drawn;

    /// <summary>A token with the probability that its logit gives it among the likeliest that make up top-p.</summary>
    public int Draw(ReadOnlySpan<float> logits)
    {
        var largest = float.NegativeInfinity;
        foreach (var logit in logits)
            largest = Math.Max(largest, logit);
        var weights = new double[logits.Length]; // of the likeliest 1
        var ids = new int[logits.Length];
        double all = 0;
        for (var id = 0; id < logits.Length; id++)
        {
            ids[id] = id;
            all += weights[id] = Math.Exp(((double)logits[id] - largest) / temperature);
        }
        // Equal weights in the order of their ids: a draw does not depend on how a sort treats them.
        Array.Sort(ids, (a, b) => weights[b] != weights[a] ? weights[b].CompareTo(weights[a]) : a.CompareTo(b));

        double nucleus = 0;
        var count = 0;
        while (count < ids.Length && (count == 0 || nucleus < topP * all))
            nucleus += weights[ids[count++]];
        var target = Chance(_drawn++) * nucleus;
        for (var i = 0; i < count - 1; i++)
        {
            target -= weights[ids[i]];
            if (target < 0)
                return ids[i];
        }
        return ids[count - 1];
    }

    /// <summary>A number in [0, 1) of 53 bits, the same on every machine.</summary>
    private double Chance(int token)
    {
        var bytes = new byte[12 + Encoding.UTF8.GetByteCount(key)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, seed);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), token);
        Encoding.UTF8.GetBytes(key, bytes.AsSpan(12));
        return (BinaryPrimitives.ReadUInt64LittleEndian(SHA256.HashData(bytes)) >> 11) * Math.ScaleB(1, -53);
    }
}
