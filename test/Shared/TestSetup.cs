using System.Runtime.CompilerServices;
using Llm4Msr.Platform;
using TorchSharp;

// One test at a time. TorchSharp frees a number or a tensor that nothing names any more from the finalizer's thread, also while an
// operation still reads it, once another thread makes garbage (see Held). The product holds what it passes; tests need not.
// The tests of just this bring threads of their own.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]

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
