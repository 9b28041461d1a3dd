using Llm4Msr.Platform;
using TorchSharp;

namespace Llm4Msr.TrainEmbedded;

/// <summary>The same network with the weights that it might have before any training: what its states hold was not learned.</summary>
internal static class RandomCopy
{
    /// <param name="of">A model's folder.</param>
    /// <param name="into">A folder that is made.</param>
    public static void Write(string of, string into, int seed)
    {
        Directory.CreateDirectory(into);
        foreach (var file in Directory.EnumerateFiles(of, "*.json"))
            File.Copy(file, Path.Combine(into, Path.GetFileName(file)), overwrite: true);
        using var scope = torch.NewDisposeScope();
        using var trained = SafetensorsFile.Open(Path.Combine(of, "model.safetensors"));
        var generator = new torch.Generator((ulong)seed);
        var layers = trained.Entries.Keys.Count(name => name.EndsWith("q_proj.weight", StringComparison.Ordinal));
        DurableFile.Write(Path.Combine(into, "model.safetensors"), stream => Safetensors.Write(stream, trained.Entries.Values.Select(entry =>
            (entry.Name, Initial(entry.Name, entry.Shape, layers, generator).to(torch.ScalarType.Float16)))));
    }

    /// <summary>Weights before training.</summary>
    public static torch.Tensor Initial(string name, long[] shape, int layers, torch.Generator generator) =>
        shape.Length == 1 ? torch.ones(shape) : torch.randn(shape, generator: generator) * Deviation(name, shape, layers);

    /// <summary>Projections onto the residual are smaller the more of them there are, as in GPT-2.</summary>
    private static double Deviation(string name, long[] shape, int layers) =>
        name.Contains("embed", StringComparison.Ordinal) ? 0.05
        : name.Contains("o_proj", StringComparison.Ordinal) || name.Contains("down_proj", StringComparison.Ordinal) ? 1 / Math.Sqrt(shape[1] * 2 * layers)
        : 1 / Math.Sqrt(shape[1]);
}
