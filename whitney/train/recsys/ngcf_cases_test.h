#pragma once

#include <utility>
#include <vector>

#include "whitney/train/recsys/ngcf_options.h"

namespace whitney::recsys {

/// The paper's form without anything that blurs it.
inline NgcfOptions plain_options(int dim, std::vector<int> layers) {
  NgcfOptions options;
  options.dim = dim;
  options.layers = std::move(layers);
  options.adjacency = recommend::Adjacency::kSymmetric;
  options.two_activations = false;
  options.biases = false;
  options.normalize = false;
  options.message_dropout = 0;
  return options;
}

/// The paper's form, as it is and as its authors' program has it, by fixed masks.
inline NgcfOptions paper_form(int dim, const std::vector<int>& layers) {
  NgcfOptions paper = plain_options(dim, layers);
  paper.self_message = true;
  paper.message_dropout = paper.node_dropout = 0.2;
  paper.message_dropout_of = MessageDropout::kMessages;
  paper.node_dropout_of = NodeDropout::kNodes;
  paper.regularized = Regularized::kAll;
  paper.regularization = 0.1;
  return paper;
}
inline NgcfOptions program_form(int dim, const std::vector<int>& layers) {
  NgcfOptions program;
  program.dim = dim;
  program.layers = layers;
  program.message_dropout = program.node_dropout = 0.2;
  program.regularization = 0.1;
  program.sampling = recommend::Sampling::kWithoutReplacement;
  program.training.batch_size = 2;
  return program;
}

/// Both forms, without dropout, too, and each with every switch the other way.
inline std::vector<NgcfOptions> all_switches(int dim, const std::vector<int>& layers) {
  const NgcfOptions paper = paper_form(dim, layers), program = program_form(dim, layers);
  std::vector<NgcfOptions> all;
  for (const NgcfOptions& form : {paper, program}) {
    all.push_back(form);
    for (bool NgcfOptions::* one : {&NgcfOptions::self_message, &NgcfOptions::two_activations,
                                    &NgcfOptions::biases, &NgcfOptions::normalize}) {
      all.push_back(form);
      all.back().*one = !(form.*one);
    }
    for (double NgcfOptions::* one : {&NgcfOptions::message_dropout, &NgcfOptions::node_dropout}) {
      all.push_back(form);
      all.back().*one = 0;
    }
    all.push_back(form);
    all.back().message_dropout = all.back().node_dropout = 0;
    all.push_back(form);
    all.back().message_dropout_of = form.message_dropout_of == MessageDropout::kOutputs
                                        ? MessageDropout::kMessages
                                        : MessageDropout::kOutputs;
    all.push_back(form);
    all.back().node_dropout_of =
        form.node_dropout_of == NodeDropout::kEntries ? NodeDropout::kNodes : NodeDropout::kEntries;
    for (const Regularized regularized : {Regularized::kFinal, Regularized::kLearned, Regularized::kAll}) {
      all.push_back(form);
      all.back().regularized = regularized;
    }
    all.push_back(form);
    all.back().slope = 1;
    for (const recommend::Adjacency adjacency :
         {recommend::Adjacency::kPlain, recommend::Adjacency::kGcmc, recommend::Adjacency::kNgcf}) {
      all.push_back(form);
      all.back().adjacency = adjacency;
    }
  }
  return all;
}

}  // namespace whitney::recsys
