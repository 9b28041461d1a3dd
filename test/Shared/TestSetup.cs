using System.Runtime.CompilerServices;
using Llm4Msr.Platform;
using TorchSharp;

namespace Llm4Msr.Testing;

/// <summary>One torch thread per test process: OpenMP threads that wait for each other make tests slow and flaky.</summary>
internal static class TestSetup
{
    [ModuleInitializer]
    internal static void Initialize()
    {
        Libtorch.Require();
        torch.set_num_threads(1);
    }
}
