using Llm4Msr.Language.Files;

namespace Llm4Msr.Language.Decoding;

internal static class WeightStorages
{
    public static string InWords(WeightStorage storage) => storage == WeightStorage.Fp32 ? "in fp32" : "as stored";

    /// <summary>Bytes of one tensor in memory.</summary>
    public static long BytesOf(IWeights file, string name, WeightStorage storage)
    {
        var numbers = file.ShapeOf(name).Aggregate((product, size) => product * size);
        return storage == WeightStorage.Fp32 ? sizeof(float) * numbers : file.BytesOf(name);
    }
}
