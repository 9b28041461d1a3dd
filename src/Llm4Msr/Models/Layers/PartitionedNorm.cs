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

    private static readonly Scalar s_momentum = Momentum, s_rest = 1 - Momentum;

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
        var scale = gamma * gamma_scenario[scenario];
        var shift = beta.Plus(beta_scenario[scenario]);
        if (!training || rows.shape[0] == 1)
        {
            // Copies: the backward pass needs the averages as they are now, and the next scenario moves the tensors they lie in.
            return nn.functional.batch_norm(rows, running_mean[scenario].clone(), running_var[scenario].clone(), scale, shift, training: false, eps: Epsilon);
        }

        // With a momentum of one the operation leaves the batch's own statistics behind, its variance divided by b - 1.
        var (mean, variance) = (zeros_like(running_mean[scenario]), zeros_like(running_var[scenario]));
        var normalised = nn.functional.batch_norm(rows, mean, variance, scale, shift, training: true, momentum: 1, eps: Epsilon);
        using (no_grad())
        {
            using Scalar ofBatch = Momentum * (rows.shape[0] - 1) / rows.shape[0];
            running_mean[scenario].mul_(s_rest).add_(mean, s_momentum);
            running_var[scenario].mul_(s_rest).add_(variance, ofBatch);
        }
        return normalised;
    }
}
