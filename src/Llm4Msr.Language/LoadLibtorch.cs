using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Llm4Msr.Platform;

namespace Llm4Msr.Language;

internal static class LoadLibtorch
{
    /// <summary>Runs before any code of this library, hence before its first torch call.</summary>
    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255", Justification = "No caller of this library should have to know that torch needs help to load.")]
    internal static void BeforeAnyTorchCall() => _ = Libtorch.Report;
}
