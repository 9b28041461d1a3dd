using System.Globalization;
using Llm4Msr.Platform;
using TorchSharp;

namespace Llm4Msr.Language;

/// <summary>Where a model computes, by the name that torch has for it.</summary>
internal static class Devices
{
    /// <param name="name">"cpu", or "cuda:0" and so on.</param>
    /// <exception cref="Llm4MsrException">No such name (<see cref="FaultKind.Usage"/>); this libtorch or machine does not have it.</exception>
    public static torch.Device Parse(string name)
    {
        if (name == "cpu")
            return torch.CPU;
        if (!name.StartsWith("cuda:", StringComparison.Ordinal)
            || !int.TryParse(name.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out var index) || index > 127)
        {
            throw new Llm4MsrException(FaultKind.Usage, $"The device is '{name}', expected 'cpu' or 'cuda:0', 'cuda:1' and so on.");
        }
        var count = torch.cuda.is_available() ? torch.cuda.device_count() : 0;
        return index < count ? torch.device(DeviceType.CUDA, index) : throw new Llm4MsrException(
            FaultKind.ResourceMissing, $"There is no device '{name}': this libtorch finds {count} CUDA devices. "
            + "Take 'cpu', or install the libtorch package for CUDA and its driver.");
    }
}
