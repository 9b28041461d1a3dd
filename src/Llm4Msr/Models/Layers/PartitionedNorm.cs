using Llm4Msr.Platform;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Llm4Msr.Models.Layers;

/// <summary>
/// STAR's partitioned normalisation: each scenario is normalised by its own statistics, those of its rows in the batch
/// when training and its moving averages when scoring (models guide, section 3.2).
/// </summary>
/// <remarks>
/// Shapes: b rows of one scenario, N features, S scenarios. A single row has no variance: it is normalised by the moving
/// averages and leaves them as they are.
/// </remarks>
public sealed class PartitionedNorm : nn.Module<Tensor, int, Tensor>
{
    public const double Epsilon = 1e-5, Momentum = 0.1;

    private static readonly Scalar s_epsilon = Epsilon, s_momentum = Momentum, s_rest = 1 - Momentum;

    private readonly Parameter gamma;
    private readonly Parameter beta;
    private readonly Parameter gamma_scenario;
    private readonly Parameter beta_scenario;
    private readonly Tensor running_mean; // buffers: moving averages, kept with the weights
    private readonly Tensor running_var;

    public PartitionedNorm(int features, int scenarios) : base(nameof(PartitionedNorm))
    {
        gamma = Weights.Constant(1, features);
        beta = Weights.Constant(0, features);
        gamma_scenario = Weights.Constant(1, scenarios, features);
        beta_scenario = Weights.Constant(0, scenarios, features);
        running_mean = zeros(scenarios, features);
        running_var = ones(scenarios, features);
        RegisterComponents();
    }

    /// <param name="rows">Rows of this scenario alone, [b, N].</param>
    /// <returns>[b, N].</returns>
    public override Tensor forward(Tensor rows, int scenario)
    {
        var (mean, variance) = training && rows.shape[0] > 1
            ? BatchStatistics(rows, scenario)
            : (running_mean[scenario], running_var[scenario]);
        var scale = gamma * gamma_scenario[scenario] * variance.Plus(s_epsilon).rsqrt();
        return ((rows - mean) * scale).Plus(beta.Plus(beta_scenario[scenario]));
    }

    private (Tensor Mean, Tensor Variance) BatchStatistics(Tensor rows, int scenario)
    {
        var mean = rows.mean([0]);
        var variance = (rows - mean).Squared().mean([0]);
        using (no_grad())
        {
            running_mean[scenario].mul_(s_rest).add_(mean, s_momentum);
            running_var[scenario].mul_(s_rest).add_(variance, s_momentum);
        }
        return (mean, variance);
    }
}
