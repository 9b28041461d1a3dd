using Llm4Msr.Language.Files;
using TorchSharp;

namespace Llm4Msr.Language.Decoding;

/// <summary>
/// The keys and values of all tokens so far, for a batch of rows of unequal length. Prompts end at the same column, so
/// that each new token of every row goes into the next one; what lies before a row's start is zero and masked.
/// </summary>
/// <remarks>
/// Shapes: R rows, K key/value heads, C columns, D head size. Belongs to the dispose scope that it was made in.
/// </remarks>
internal sealed class KvCache
{
    private readonly Tensor[] _keys;   // by layer, [R, K, C, D]
    private readonly Tensor[] _values; // by layer, [R, K, C, D]
    private long[] _starts;
    private long _columns;
    private Tensor? _mask; // [R, 1, 1, largest start]: 0 where a row has begun, -infinity before; null where all start at 0

    private readonly torch.Device _device;

    public KvCache(ModelConfig config, IReadOnlyList<int> promptLengths, int newTokens, torch.Device device)
    {
        _device = device;
        var longest = promptLengths.Max();
        _starts = [.. promptLengths.Select(length => (long)longest - length)];
        _columns = longest;
        long[] shape = [promptLengths.Count, config.KeyValueHeads, longest + newTokens, config.HeadSize];
        _keys = [.. Enumerable.Range(0, config.Layers).Select(_ => torch.zeros(shape, torch.ScalarType.Float32, device))];
        _values = [.. Enumerable.Range(0, config.Layers).Select(_ => torch.zeros(shape, torch.ScalarType.Float32, device))];
        _mask = Mask();
    }

    public static long Bytes(ModelConfig config, long rows, long columns) =>
        2 * sizeof(float) * config.Layers * config.KeyValueHeads * config.HeadSize * rows * columns;

    public int Rows => _starts.Length;

    /// <summary>
    /// Added to attention scores of the first columns that a window of the newest token holds; null where every row has
    /// begun there.
    /// </summary>
    public Tensor? StartMask(int? window)
    {
        if (_mask is null || window is null)
            return _mask;
        var (first, latest) = (Math.Max(0, _columns + 1 - window.Value), _mask.shape[3]);
        return first < latest ? _mask.narrow(3, first, latest - first) : null;
    }

    /// <summary>The position that the next token of each row has, [R].</summary>
    public Tensor NextPositions() => torch.tensor(Array.ConvertAll(_starts, start => _columns - start), device: _device);

    /// <summary>Stores keys and values [T, K, D] of a row's prompt, from its token <paramref name="first"/> on.</summary>
    /// <returns>All of the row so far: [K, first + T, D] each.</returns>
    public (Tensor Keys, Tensor Values) Store(int layer, int row, long first, Tensor keys, Tensor values)
    {
        var count = keys.shape[0];
        return (Into(_keys[layer], keys), Into(_values[layer], values));

        Tensor Into(Tensor cache, Tensor tokens)
        {
            var ofRow = cache.select(0, row);
            ofRow.narrow(1, _starts[row] + first, count).copy_(tokens.transpose(0, 1));
            return ofRow.narrow(1, _starts[row], first + count);
        }
    }

    /// <summary>Gives a row the first keys and values of another, whose prompt starts with the same tokens.</summary>
    public void CopyStart(int layer, int fromRow, int toRow, long tokens)
    {
        foreach (var cache in new[] { _keys[layer], _values[layer] })
        {
            cache.select(0, toRow).narrow(1, _starts[toRow], tokens)
                .copy_(cache.select(0, fromRow).narrow(1, _starts[fromRow], tokens));
        }
    }

    /// <summary>Stores the keys and values [R, K, D] of one more token in every row.</summary>
    /// <returns>All keys and values so far that a window of this token holds: [R, K, columns, D] each.</returns>
    public (Tensor Keys, Tensor Values) Append(int layer, Tensor keys, Tensor values, int? window)
    {
        return (Into(_keys[layer], keys), Into(_values[layer], values));

        Tensor Into(Tensor cache, Tensor token)
        {
            cache.select(2, _columns).copy_(token);
            var seen = Math.Min(_columns + 1, window ?? long.MaxValue);
            return cache.narrow(2, _columns + 1 - seen, seen);
        }
    }

    /// <summary>After every layer has appended a token.</summary>
    public void Advance() => _columns++;

    /// <summary>Forgets all rows but these, and the columns that none of them uses.</summary>
    public void Keep(IReadOnlyList<int> rows)
    {
        _starts = [.. rows.Select(row => _starts[row])];
        var unused = _starts.Min();
        var capacity = _keys[0].shape[2];
        using (var scope = torch.NewDisposeScope())
        {
            var kept = torch.tensor([.. rows.Select(row => (long)row)], device: _device);
            foreach (var layers in new[] { _keys, _values })
            {
                for (var l = 0; l < layers.Length; l++)
                {
                    var before = layers[l];
                    layers[l] = before.narrow(2, unused, capacity - unused).index_select(0, kept).MoveToOuterDisposeScope();
                    before.Dispose();
                }
            }
        }
        _starts = Array.ConvertAll(_starts, start => start - unused);
        _columns -= unused;
        _mask?.Dispose();
        _mask = Mask();
    }

    private Tensor? Mask()
    {
        var latest = _starts.Max();
        if (latest == 0)
            return null;
        var mask = new float[_starts.Length * latest];
        for (var row = 0; row < _starts.Length; row++)
            mask.AsSpan((int)(row * latest), (int)_starts[row]).Fill(float.NegativeInfinity);
        return torch.tensor(mask, device: _device).view(_starts.Length, 1, 1, latest);
    }
}
