using Llm4Msr.Language.Files;
using Llm4Msr.Platform;
using TorchSharp;

namespace Llm4Msr.Language.Decoding;

/// <summary>What stands between the two projections of a feed-forward layer.</summary>
internal static class FeedForward
{
    private static readonly Scalar s_half = 0.5f;
    private static readonly Scalar s_cubic = 0.044715f;
    private static readonly Scalar s_rootOfTwoOverPi = MathF.Sqrt(2 / MathF.PI);

    /// <param name="up">[N, F], or for SwiGLU [N, 2F]: gate and up side by side. Written over.</param>
    /// <returns>[N, F].</returns>
    public static Tensor Activate(Tensor up, FeedForwardKind kind, long feedForwardSize) => kind switch
    {
        FeedForwardKind.SwiGlu => SwiGlu(up, feedForwardSize),
        FeedForwardKind.Gelu => torch.nn.functional.gelu(up),
        FeedForwardKind.GeluTanh => GeluTanh(up),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Not a feed-forward layer known here."),
    };

    /// <summary>silu(gate) x up.</summary>
    private static Tensor SwiGlu(Tensor gateUp, long feedForwardSize) =>
        gateUp.narrow(1, 0, feedForwardSize).silu_().mul_(gateUp.narrow(1, feedForwardSize, feedForwardSize));

    /// <summary>x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))).</summary>
    private static Tensor GeluTanh(Tensor x)
    {
        var inner = x.mul(x).mul_(x).mul_(s_cubic).add_(x, Held.One).mul_(s_rootOfTwoOverPi);
        return inner.tanh_().add_(Held.One, Held.One).mul_(x).mul_(s_half);
    }
}
