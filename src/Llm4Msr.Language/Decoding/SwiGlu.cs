namespace Llm4Msr.Language.Decoding;

internal static class SwiGlu
{
    /// <summary>silu(gate) x up, written over the gate.</summary>
    /// <param name="gateUp">[N, 2F]: gate and up side by side.</param>
    /// <returns>[N, F], a view of <paramref name="gateUp"/>.</returns>
    public static Tensor Apply(Tensor gateUp, long feedForwardSize) =>
        gateUp.narrow(1, 0, feedForwardSize).silu_().mul_(gateUp.narrow(1, feedForwardSize, feedForwardSize));
}
