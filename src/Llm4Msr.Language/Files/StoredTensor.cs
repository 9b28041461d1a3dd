using System.Runtime.InteropServices;
using TorchSharp;

namespace Llm4Msr.Language.Files;

/// <summary>A tensor as its file has it, to be widened to fp32 as a whole or by rows.</summary>
/// <remarks>
/// Whoever holds one owns what is stored through the dispose scope that it was made in. Reading is safe for several threads.
/// </remarks>
internal sealed class StoredTensor
{
    private const long NumbersTogether = 1 << 20;

    private readonly BlockFormat? _blocks; // null where the numbers are plain

    /// <summary>Numbers of a type that torch has.</summary>
    public StoredTensor(Tensor plain) => (Stored, Shape) = (plain, plain.shape);

    /// <param name="stored">Numbers of the shape, or for block formats bytes [rows, bytes of a row].</param>
    public StoredTensor(Tensor stored, BlockFormat? format, long[] shape) =>
        (Stored, _blocks, Shape) = (stored, format?.Plain is null ? format : null, shape);

    public Tensor Stored { get; }

    /// <summary>Rows first.</summary>
    public long[] Shape { get; }

    public bool IsFp32 => _blocks is null && Stored.dtype == torch.ScalarType.Float32;

    /// <summary>As fp32: itself where it is that already.</summary>
    public Tensor Widen() => _blocks is null ? Stored.to(torch.ScalarType.Float32) : OfBlocks(_blocks).to(Stored.device);

    /// <param name="numbers">fp32 of the same shape, its rows one after the other.</param>
    public void WidenInto(Tensor numbers)
    {
        using var scope = torch.NewDisposeScope();
        if (_blocks is null)
            numbers.copy_(Stored);
        else if (numbers.device.type == DeviceType.CPU)
            Dequantise(_blocks, numbers);
        else
            numbers.copy_(OfBlocks(_blocks));
    }

    /// <summary>The rows of these numbers, in their order.</summary>
    /// <param name="rows">[N], whole numbers of 64 bits.</param>
    public StoredTensor Rows(Tensor rows) => new(Stored.index_select(0, rows), _blocks, [rows.shape[0], .. Shape[1..]]);

    public StoredTensor Rows(long[] rows) => Rows(torch.tensor(rows, device: Stored.device));

    public StoredTensor Rows(long first, long count) => new(Stored.narrow(0, first, count), _blocks, [count, .. Shape[1..]]);

    public StoredTensor To(torch.Device device) => new(Stored.to(device), _blocks, Shape);

    /// <summary>A plain matrix with its rows as columns.</summary>
    public StoredTensor Transposed() => new(Stored.t().contiguous());

    private Tensor OfBlocks(BlockFormat blocks)
    {
        var numbers = torch.empty(Shape, torch.ScalarType.Float32);
        Dequantise(blocks, numbers);
        return numbers;
    }

    private void Dequantise(BlockFormat blocks, Tensor numbers)
    {
        using var scope = torch.NewDisposeScope();
        var (from, into) = (Stored.cpu().view(-1), numbers.view(-1));
        var (count, together) = (into.numel(), NumbersTogether / blocks.Numbers * blocks.Numbers);
        for (long done = 0; done < count; done += together)
        {
            using var pieceScope = torch.NewDisposeScope();
            var now = Math.Min(together, count - done);
            var bytes = from.narrow(0, done / blocks.Numbers * blocks.Bytes, now / blocks.Numbers * blocks.Bytes).bytes;
            blocks.Dequantise!(bytes, MemoryMarshal.Cast<byte, float>(into.narrow(0, done, now).bytes));
        }
    }
}
